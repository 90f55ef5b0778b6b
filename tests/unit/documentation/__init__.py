"""The documentation: its pages, links, code blocks and programs are what the code is."""
