'use strict'

// An Express application under dd-trace. Prints its port and the version of the engine.

const tracer = require('dd-trace').init()
const childProcess = require('node:child_process')
const fs = require('node:fs')
const http = require('node:http')
const express = require('express')

const app = express()
app.use(express.json())
app.use(express.urlencoded({ extended: true }))
app.get('/search', (req, res) => res.json({ found: [{ id: 1, title: String(req.query.q) }] }))
app.post('/body', (req, res) => res.json({ kind: typeof req.body }))
app.get('/items/:id', (req, res) => res.send(`item ${req.params.id}`))
app.get('/file', (req, res) => res.send(fs.readFileSync(req.query.name, 'utf8').slice(0, 1)))
app.get('/fetch', (req, res, next) => http.get(req.query.url, () => res.send('some')).on('error', next))
app.get('/run', (req, res) => res.send(childProcess.execSync(req.query.command)))
app.get('/user/:id', (req, res) => {
  tracer.appsec.setUser({ id: req.params.id })
  if (tracer.appsec.isUserBlocked({ id: req.params.id })) return tracer.appsec.blockRequest(req, res)
  res.send('hello')
})
app.post('/login', (req, res) => {
  const { login, password } = req.body
  const v2 = tracer.appsec.eventTrackingV2
  if (password === 'right') v2.trackUserLoginSuccess(login, `id of ${login}`, { role: 'any' })
  else v2.trackUserLoginFailure(login, false)
  res.sendStatus(password === 'right' ? 200 : 401)
})

const server = app.listen(0, '127.0.0.1', () => {
  const { DDWAF } = require('@datadog/native-appsec')
  console.log(JSON.stringify({ port: server.address().port, engine: DDWAF.version() }))
})
