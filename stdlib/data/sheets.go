package data

import (
	"fmt"
	"io"
	"path/filepath"
)

// Numbers of the pictures of CIFAR-10 that come in sheets.
const (
	cifarSheet = 1000  // tiles of one sheet
	cifarDev   = 40000 // from here on the sheets are called dev_, before train_
	cifarAll   = 45000
)

// CIFAR10Sheets reads n pictures, from number first on, of CIFAR-10 as sheets of 1000 tiles in a folder cifar10:
// train_00000.png to train_39000.png, dev_40000.png to dev_44000.png, and a byte for each label in labels_00000-44999.u8.
func CIFAR10Sheets(first, n int) (*Images, error) {
	if first < 0 || n < 1 || first%cifarSheet != 0 || first+n > cifarAll {
		return nil, fmt.Errorf("CIFAR-10 in sheets: %d pictures from number %d; there are %d, and a part begins at a multiple of %d", n, first, cifarAll, cifarSheet)
	}
	f, err := Open(filepath.Join("cifar10", "labels_00000-44999.u8"))
	if err != nil {
		return nil, err
	}
	defer f.Close()
	labels, err := io.ReadAll(f)
	if err != nil {
		return nil, err
	}
	all := &Images{Name: "CIFAR-10", H: 32, W: 32, C: 3, Classes: cifar10Classes}
	for at := first; all.N < n; at += cifarSheet {
		part := "train"
		if at >= cifarDev {
			part = "dev"
		}
		path, err := Find(filepath.Join("cifar10", fmt.Sprintf("%s_%05d.png", part, at)))
		if err != nil {
			return nil, err
		}
		m, err := ReadTiles(path, 32, 32, min(cifarSheet, n-all.N))
		if err != nil {
			return nil, err
		}
		if m.C != all.C {
			return nil, fault(path, "", 0, "the tiles have %d colours, not %d", m.C, all.C)
		}
		for i := range m.N {
			if at+i >= len(labels) || int(labels[at+i]) >= len(cifar10Classes) {
				return nil, fault("labels_00000-44999.u8", "picture", at+i, "there is no label from 0 to 9")
			}
			all.Labels = append(all.Labels, int(labels[at+i]))
		}
		all.Pixels, all.N = append(all.Pixels, m.Pixels...), all.N+m.N
	}
	return all, nil
}
