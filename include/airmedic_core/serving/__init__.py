"""A small reference server: follows the champion, heeds trials, and logs what it answered as monitoring reads it."""
