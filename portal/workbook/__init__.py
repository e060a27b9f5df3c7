"""Spreadsheets: read without harm, compared with what is stored, loaded whole or not at all, and written back."""
