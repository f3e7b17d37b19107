// Package history keeps the input of past cells in an SQLite file, private to
// its owner, that several kernels may use at once.
//
// The file is opened at the first use and by a goroutine of its own, so that
// neither the start of the kernel nor a cell waits for it. When it cannot be
// used the history lives in memory, and the log says so.
package history

import (
	"database/sql"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"time"

	_ "modernc.org/sqlite" // the driver named "sqlite"
)

// Entry is one cell that was run.
type Entry struct {
	Session int // of the kernel process that ran it
	Line    int // its execution count
	Input   string
	Output  string // text of its result, "" for none
}

// Query selects entries. Exactly one of the three ways applies.
type Query struct {
	Tail    bool // the last N
	Search  bool // the last N (0: all) that match Pattern, a glob
	Pattern string
	Unique  bool // of equal inputs the latest only
	N       int

	// Otherwise a range of lines: Start to Stop exclusive (0: to the end) of a
	// session; 0 is the present one, -1 the one before.
	Session, Start, Stop int
}

// keep is how many entries survive when a file is opened.
const keep = 200000

// Log is a history that is being written.
type Log struct {
	path string
	logf func(string, ...any)
	jobs chan func()
	quit chan struct{}
	done chan struct{}

	// Used by the goroutine alone.
	db      *sql.DB
	session int
}

// New returns the history in the file at path; "" keeps it in memory.
func New(path string, logf func(string, ...any)) *Log {
	l := &Log{path: path, logf: logf, jobs: make(chan func(), 4096), quit: make(chan struct{}), done: make(chan struct{})}
	go l.loop()
	return l
}

func (l *Log) loop() {
	defer close(l.done)
	for {
		select {
		case job := <-l.jobs:
			job()
		case <-l.quit:
			for { // what was added before the end is still written
				select {
				case job := <-l.jobs:
					job()
				default:
					if l.db != nil {
						l.db.Close()
					}
					return
				}
			}
		}
	}
}

// Close writes what was added and closes the file.
func (l *Log) Close() {
	close(l.quit)
	<-l.done
}

func (l *Log) do(job func()) bool {
	select {
	case l.jobs <- job:
		return true
	case <-l.done:
		return false
	}
}

// Add stores an entry of the present session without waiting for the disk.
func (l *Log) Add(line int, input, output string) {
	l.do(func() {
		if err := l.add(line, input, output); err != nil {
			l.logf("history: cell %d was not stored: %v", line, err)
		}
	})
}

// Find returns the entries that q selects, oldest first, those added before
// this call included.
func (l *Log) Find(q Query) (entries []Entry, err error) {
	ready := make(chan struct{})
	if !l.do(func() { defer close(ready); entries, err = l.find(q) }) {
		return nil, errors.New("the history is closed")
	}
	select {
	case <-ready:
		return entries, err
	case <-l.done:
		return nil, errors.New("the history is closed")
	}
}

func (l *Log) add(line int, input, output string) error {
	if err := l.open(); err != nil {
		return err
	}
	_, err := l.db.Exec(`INSERT OR REPLACE INTO entries (session, line, input, output) VALUES (?, ?, ?, ?)`,
		l.session, line, input, output)
	return err
}

// open opens the file, or memory in its place, and begins a session.
func (l *Log) open() error {
	if l.db != nil {
		return nil
	}
	if l.path != "" {
		err := l.openFile()
		if err == nil {
			return nil
		}
		l.logf("history file %s cannot be used (%v); this session's history stays in memory", l.path, err)
	}
	return l.use(":memory:")
}

func (l *Log) openFile() error {
	if err := os.MkdirAll(filepath.Dir(l.path), 0o700); err != nil {
		return err
	}
	// Created before SQLite sees it, so that it is never readable by others.
	f, err := os.OpenFile(l.path, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return err
	}
	if err := errors.Join(f.Chmod(0o600), f.Close()); err != nil {
		return err
	}
	return l.use("file:" + escape(l.path) + "?_pragma=busy_timeout(3000)&_pragma=synchronous(normal)&_pragma=journal_mode(wal)")
}

const tables = `
CREATE TABLE IF NOT EXISTS sessions (id INTEGER PRIMARY KEY AUTOINCREMENT, begun TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS entries (
	id INTEGER PRIMARY KEY, session INTEGER NOT NULL, line INTEGER NOT NULL,
	input TEXT NOT NULL, output TEXT NOT NULL, UNIQUE (session, line));
`

func (l *Log) use(source string) error {
	db, err := sql.Open("sqlite", source)
	if err != nil {
		return err
	}
	db.SetMaxOpenConns(1) // memory is one per connection
	session, err := begin(db)
	if err != nil {
		db.Close()
		return err
	}
	l.db, l.session = db, session
	return nil
}

func begin(db *sql.DB) (session int, err error) {
	if _, err := db.Exec(tables); err != nil {
		return 0, err
	}
	if _, err := db.Exec(`DELETE FROM entries WHERE id <= (SELECT max(id) FROM entries) - ?`, keep); err != nil {
		return 0, err
	}
	row := db.QueryRow(`INSERT INTO sessions (begun) VALUES (?) RETURNING id`, time.Now().UTC().Format(time.RFC3339))
	err = row.Scan(&session)
	return session, err
}

func (l *Log) find(q Query) ([]Entry, error) {
	if err := l.open(); err != nil {
		return nil, err
	}
	text, args, backwards := l.statement(q)
	rows, err := l.db.Query(text, args...)
	if err != nil {
		return nil, fmt.Errorf("history: %w", err)
	}
	defer rows.Close()
	var entries []Entry
	for rows.Next() {
		var e Entry
		if err := rows.Scan(&e.Session, &e.Line, &e.Input, &e.Output); err != nil {
			return nil, fmt.Errorf("history: %w", err)
		}
		entries = append(entries, e)
	}
	if backwards {
		slices.Reverse(entries)
	}
	return entries, rows.Err()
}

// statement writes q as SQL. Limits count from the latest entry, so those
// queries run backwards.
func (l *Log) statement(q Query) (text string, args []any, backwards bool) {
	const columns = `SELECT session, line, input, output FROM entries `
	n := q.N
	if n <= 0 {
		n = -1 // no limit
	}
	switch {
	case q.Search && q.Unique:
		return columns + `WHERE id IN (SELECT max(id) FROM entries WHERE input GLOB ? GROUP BY input)
			ORDER BY id DESC LIMIT ?`, []any{q.Pattern, n}, true
	case q.Search:
		return columns + `WHERE input GLOB ? ORDER BY id DESC LIMIT ?`, []any{q.Pattern, n}, true
	case q.Tail:
		return columns + `ORDER BY id DESC LIMIT ?`, []any{max(q.N, 0)}, true
	}
	session := q.Session
	if session <= 0 {
		session += l.session
	}
	stop := q.Stop
	if stop <= 0 {
		stop = 1 << 31
	}
	return columns + `WHERE session = ? AND line >= ? AND line < ? ORDER BY line`, []any{session, q.Start, stop}, false
}

// escape writes a path so that SQLite's file: form takes it literally.
func escape(path string) string {
	var b []byte
	for i := range len(path) {
		switch c := path[i]; c {
		case '?', '#', '%', ' ':
			b = fmt.Appendf(b, "%%%02x", c)
		default:
			b = append(b, c)
		}
	}
	return string(b)
}
