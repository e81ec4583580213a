"""The release page: one static, self-contained site in Hungarian and English, made of published tables only.

Belongs here: sentences, charts and layout of the page. Does not belong here: any figure that is not published, and the
files that the page links to (`publication.export`, `publication.quality`).
"""
