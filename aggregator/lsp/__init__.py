"""The front door for editors: a language server that checks a project while someone types.

It answers from the compiled project where the SQL is whole, and from the words around the cursor where it is not.
"""
