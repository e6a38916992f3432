'use strict'

// What the applications of ../scenario.md do, without any framework: functions from a request to an answer.

const { exec } = require('node:child_process')
const { createHash } = require('node:crypto')
const fs = require('node:fs')
const path = require('node:path')
const { Readable } = require('node:stream')
const { promisify } = require('node:util')
const { sdk } = require('bartizan')

const FOLDER = fs.mkdtempSync(path.join(require('node:os').tmpdir(), 'bartizan-files-'))
fs.writeFileSync(path.join(FOLDER, 'note.txt'), 'a note')
process.once('exit', () => fs.rmSync(FOLDER, { recursive: true, force: true }))

const SQLITE = path.join(__dirname, '..', '..', '..', 'bindings-node', 'tests', 'sqlite', 'node_modules', 'better-sqlite3')
/** Whether the driver is there that the statements need. */
const hasSqlite = fs.existsSync(SQLITE)
let database

function users () {
  if (database === undefined) {
    database = new (require(SQLITE))(':memory:')
    database.exec("create table users (id integer); insert into users values (1), (2)")
  }
  return database
}

const text = (body, status = 200, headers = {}) => ({ status, headers: { 'content-type': 'text/plain; charset=utf-8', ...headers }, body })

/** The user who is logged in, by a cookie. */
const userOf = ({ headers }) => /(?:^|; )user=(\w+)/.exec(headers.cookie ?? '')?.[1]

/** Whether this is the password; who tells bartizan, does so before. */
const knows = (username, password) => !['canary-out', 'nobody'].includes(username) && password === 'correct'

const welcome = (username) => text('welcome', 200, { 'set-cookie': `user=${username}` })

/** Each with `query` and `params`, `headers`, and `read`, which returns the body. */
const ROUTES = {
  'GET /': () => text('hello'),
  async 'POST /echo' ({ read }) {
    const body = await read()
    return text(`${body.length} ${createHash('sha256').update(body).digest('hex')}`)
  },
  'GET /items/:item': ({ params }) => text(`item ${params.item}`),
  async 'POST /form' ({ read }) {
    return text(`name=${new URLSearchParams(String(await read())).get('name')}`)
  },
  async 'POST /upload' ({ read, headers }) {
    try {
      const form = await new Response(await read(), { headers: { 'content-type': headers['content-type'] } }).formData()
      const file = form.get('file')
      return text(`${file.name}:${file.size}`)
    } catch {
      return text('no file', 400)
    }
  },
  'GET /stream': ({ query }) => text(Readable.from(parts(Number(query.get('parts'))))),
  'GET /leak': () => text('secret', 200, { 'x-leak': 'secret' }),
  'GET /error' () { throw new Error('an error of the application') },
  async 'POST /login' ({ read }) {
    const form = new URLSearchParams(String(await read()))
    const username = form.get('username')
    if (!knows(username, form.get('password'))) {
      sdk.trackUserLoginFailure(username, false)
      return text('wrong', 401)
    }
    sdk.trackUserLoginSuccess(username, { id: username })
    return welcome(username)
  },
  async 'POST /signup' ({ read }) {
    const username = new URLSearchParams(String(await read())).get('username')
    sdk.trackUserSignup(username, { id: username })
    return text('created')
  },
  'GET /me' (request) {
    const user = userOf(request)
    if (user === undefined) return text('nobody', 401)
    sdk.setUser(user)
    return text(user)
  },
  'GET /caught' ({ query }) {
    try {
      sdk.setUser(query.get('user'))
    } catch {
      // Whatever it is.
    }
    return text('not blocked')
  },
  'GET /file': async ({ query }) => text(await fs.promises.readFile(`${FOLDER}/${query.get('name')}`)),
  'POST /file': async ({ read }) => text(await fs.promises.readFile(`${FOLDER}/${new URLSearchParams(String(await read())).get('name')}`)),
  'GET /query' ({ query }) {
    const { count } = users().prepare(`select count(*) as count from users where id = ${query.get('id')}`).get()
    return text(String(count))
  },
  'GET /run': async ({ query }) => text((await promisify(exec)(`echo ${query.get('word')}`)).stdout.trim()),
  async 'GET /fetch' ({ query }) {
    if (!query.has('host')) return text('nothing')
    const answer = await fetch(`http://${query.get('host')}/`)
    return text(await answer.text())
  }
}

async function * parts (count) {
  const part = Buffer.alloc(1 << 16, 'x')
  for (let n = 0; n < count; n++) yield part
}

module.exports = { hasSqlite, SQLITE, knows, ROUTES, text, userOf, welcome }
