"""Words with meaning: a small pretrained sentence encoder, fetched by hash, that runs without torch."""
