package main

import "regexp"

func torchRows(match *regexp.Regexp) []row { return nil }
