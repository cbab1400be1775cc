"""4 report: numbers -> people: the weekly report as HTML, Markdown and JSON."""
