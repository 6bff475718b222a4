"""Pictures as pixels: open, turn upright, bring to sRGB, scale, and encode under a byte limit."""
