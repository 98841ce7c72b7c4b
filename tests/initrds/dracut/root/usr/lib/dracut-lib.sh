# getcmdline() and others stand here.
