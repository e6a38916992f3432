'use strict'

// ../vulnerable/app.py in Express: an application with the mistakes that scanners look for. Never serve it to anyone but a scanner.
// node vulnerable.js PORT; with the variable BARE set, it runs without bartizan.

const { exec } = require('node:child_process')
const fs = require('node:fs')
const path = require('node:path')
const express = require('express')
const { SQLITE } = require('./routes')

const app = express()
const NOTES = path.join(__dirname, '..', 'vulnerable')

if (!process.env.BARE) {
  require('bartizan').protectCalls()
  app.use(require('bartizan/express').protect())
}

const database = new (require(SQLITE))(':memory:')
database.exec(`create table users (id integer, name text, password text);
  insert into users values (1, 'ann', 'secret'), (2, 'bob', 'hidden'), (3, 'eve', 'unknown')`)
const rows = (statement) => database.prepare(statement).all()

app.use(express.urlencoded({ extended: false }))

app.get('/', (req, res) => res.type('html').send(`<!doctype html><title>Vulnerable</title>
<a href="/user?id=1">user</a> <a href="/search?q=shoes">search</a> <a href="/note?name=note.txt">note</a>
<form action="/login" method="post"><input name="username" value="ann"><input name="password" value="x">
<input type="submit"></form>
<form action="/say" method="post"><input name="word" value="hello"><input type="submit"></form>`))

app.get('/user', (req, res) => {
  const found = rows(`select name from users where id = ${req.query.id ?? 1}`)
  res.type('html').send(found.map(({ name }) => name).join('<br>') || 'nobody')
})

app.post('/login', (req, res) => {
  const { username = '', password = '' } = req.body
  const [user] = rows(`select name from users where name = '${username}' and password = '${password}'`)
  res.type('html').send(user ? `welcome ${user.name}` : 'wrong')
})

app.get('/search', (req, res) => res.type('html').send(`<p>Nothing was found for ${req.query.q ?? ''}</p>`))

app.get('/note', (req, res) => res.type('html').send(fs.readFileSync(path.join(NOTES, req.query.name ?? 'note.txt'), 'utf8')))

app.post('/say', (req, res) => {
  exec(`echo ${req.body.word ?? ''}`, { timeout: 5000 }, (error, out) => res.type('html').send(out ?? ''))
})

app.listen(Number(process.argv[2]), '127.0.0.1')
