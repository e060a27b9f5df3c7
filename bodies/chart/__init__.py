"""The structure chart: plain values in, an SVG string out. Knows neither Django nor a database.

`text` measures and breaks labels, `layout` gives every body its box, `routing` leads the typed links past the boxes,
`figure` adds title, legend and notes and fits the sheet, `drawing` writes the SVG. `focus` chooses what a chart of a
large structure shows. All lengths are in units of the figure: one pixel on screen at natural size.
"""
