"""Charts as Vega-Lite specifications: panels, and what is drawn in them."""
