"""Systems and their certificates: what holds a certificate, and which ones it holds."""
