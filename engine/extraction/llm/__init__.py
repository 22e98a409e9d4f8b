"""Extraction by a language model behind an OpenAI-compatible service.

The way of a message: ``packing`` puts turns of one session into requests, ``prompt`` writes each as instructions and
JSON data, ``service`` asks the model, ``answers`` finds and validates the JSON in what it says, ``reading`` checks
every fact against the message that it claims to come from, and ``extractor`` runs requests side by side, takes
failed ones apart and accounts for what they cost. What the model says is never trusted further than the message goes.
"""
