"""The site: the pages of this project as HTML, with what is generated from its code."""
