"""The compiled project as one JSON file: what schedulers, dashboards and other tools read instead of the project.

``write.py`` makes it, and ``dags.py`` says how a scheduler is to build the models. ``file.py`` reads it, and
``graph.py`` gives the graph back. Nothing is imported here: whoever only loads DAGs needs only ``file.py``.
"""
