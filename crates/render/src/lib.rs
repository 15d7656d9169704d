//! Turns plain view structs into pictures and paper: QR codes as PNG and SVG, certificates as PDF.
