"""The printable report of chosen reads (RES-3): who may print what is decided in `printing`, what stands on the pages in
`document`, how they look in `pdf` and in the page's own template; `maps` draws what lies around each read.
"""
