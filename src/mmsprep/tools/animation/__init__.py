"""Animated pictures as GIF: read frame by frame, laid out in blocks, optimised and made to fit by gifsicle."""
