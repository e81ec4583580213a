"""Running coopgva in an office: what is broken and who is told, logs, measures, back-ups, cleaning."""
