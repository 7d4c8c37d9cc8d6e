"""The nouns: frozen values in which all stages speak. Nothing here reads, writes or prints."""
