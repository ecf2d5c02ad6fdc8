"""What every app stands on and what knows no app: actors, errors, lifecycle, events, jobs, clocks, money."""
