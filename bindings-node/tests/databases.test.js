'use strict'

// Statements of drivers against real servers, which are started for the test where they are installed.

const assert = require('node:assert/strict')
const { spawn, spawnSync } = require('node:child_process')
const fs = require('node:fs')
const net = require('node:net')
const os = require('node:os')
const path = require('node:path')
const { once } = require('node:events')
const { after, before, describe, test } = require('node:test')
const { setTimeout: sleep } = require('node:timers/promises')
const { Blocked, Engine, protectCalls, sdk } = require('bartizan')

protectCalls(true)

const rule = (id, address, regex) => ({
  id, name: id, tags: { type: id }, conditions: [{ operator: 'match_regex', parameters: { regex, inputs: [{ address }] } }], on_match: ['block']
})
const engine = new Engine({ version: '2.2', rules: [rule('r', 'server.db.statement', 'evil')] }, { mode: 'block', timeout_us: 10_000_000 })
const EVIL = "select 'evil'"
const GOOD = "select 'good'"

/** Whether a call is refused in a request. It must then fail with `Blocked`. */
async function blocks (call) {
  const request = engine.request(undefined, () => {})
  try {
    await sdk.run(request, call)
    assert.equal(request.blocked, false, 'the call was made')
  } catch (error) {
    assert.ok(error instanceof Blocked, String(error))
    assert.equal(request.blocked, true)
  }
  return request.blocked
}

const found = (name, ...folders) => [...process.env.PATH.split(':'), ...folders].map((folder) => path.join(folder, name)).find((file) => fs.existsSync(file))

const binaries = fs.existsSync('/usr/lib/postgresql') ? fs.readdirSync('/usr/lib/postgresql').map((version) => `/usr/lib/postgresql/${version}/bin`) : []
const [initdb, mariadbd, install] = [found('initdb', ...binaries), found('mariadbd', '/usr/sbin'), found('mariadb-install-db')]
const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'bartizan-databases-'))
fs.chmodSync(folder, 0o777)
// These servers refuse to run as root.
const account = process.getuid() === 0 ? { uid: 65534, gid: 65534 } : {}
const options = { cwd: folder, stdio: 'ignore', env: { ...process.env, HOME: folder }, ...account }

async function freePort () {
  const server = net.createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address()
  server.close()
  return port
}

async function connected (connect, server) {
  for (let attempt = 0; attempt < 300; attempt++) {
    try {
      return await connect()
    } catch {
      assert.equal(server.exitCode, null, 'the server did not start')
      await sleep(100)
    }
  }
  return assert.fail('the server does not answer')
}

after(() => fs.rmSync(folder, { recursive: true, force: true }))

describe('pg', { skip: initdb === undefined && 'PostgreSQL is not installed' }, () => {
  const pg = require('pg')
  let server, address, client

  before(async () => {
    const data = path.join(folder, 'postgresql')
    assert.equal(spawnSync(initdb, ['-D', data, '-U', 'test', '-A', 'trust', '--no-sync'], options).status, 0)
    address = { host: '127.0.0.1', port: await freePort(), user: 'test', database: 'postgres' }
    server = spawn(path.join(path.dirname(initdb), 'postgres'), ['-D', data, '-p', address.port, '-k', folder, '-h', '127.0.0.1', '-F'], options)
    client = await connected(async () => {
      const made = new pg.Client(address)
      await made.connect()
      return made
    }, server)
  })
  after(async () => {
    await client.end()
    server.kill()
    await once(server, 'exit')
  })

  test('clients', async () => {
    for (const [statement, refused] of [[GOOD, false], [EVIL, true]]) {
      for (const call of [
        () => client.query(statement),
        () => client.query({ text: statement }),
        () => client.query(`${statement}, $1`, ['x']),
        () => new Promise((resolve, reject) => client.query(statement, (error, answer) => error ? reject(error) : resolve(answer))),
        () => new Promise((resolve, reject) => client.query(new pg.Query(statement)).on('error', reject).on('end', resolve))
      ]) assert.equal(await blocks(call), refused, String(call))
    }
    assert.equal((await client.query(EVIL)).rowCount, 1)
  })

  test('pools, whose connections wait for other requests', async () => {
    const pool = new pg.Pool({ ...address, max: 1 })
    const all = await Promise.all([EVIL, GOOD, EVIL, GOOD].map((statement) => blocks(() => pool.query(statement))))
    assert.deepEqual(all, [true, false, true, false])
    await pool.end()
  })
})

describe('mysql2', { skip: (mariadbd === undefined || install === undefined) && 'MariaDB is not installed' }, () => {
  const mysql = require('mysql2')
  const promises = require('mysql2/promise')
  let server, address, client

  before(async () => {
    const data = path.join(folder, 'mariadb')
    assert.equal(spawnSync(install, ['--no-defaults', `--datadir=${data}`, '--auth-root-authentication-method=normal'], options).status, 0)
    address = { host: '127.0.0.1', port: await freePort(), user: 'root' }
    server = spawn(mariadbd, ['--no-defaults', `--datadir=${data}`, `--port=${address.port}`, `--socket=${folder}/mariadb.sock`, '--bind-address=127.0.0.1'], options)
    client = await connected(() => promises.createConnection(address), server)
  })
  after(async () => {
    await client.end()
    server.kill()
    await once(server, 'exit')
  })

  test('connections and pools', async () => {
    const plain = mysql.createConnection(address)
    const pool = mysql.createPool({ ...address, connectionLimit: 1 })
    const byCallback = (owner, name, ...args) => () => new Promise((resolve, reject) => owner[name](...args, (error, rows) => error ? reject(error) : resolve(rows)))
    for (const [statement, refused] of [[GOOD, false], [EVIL, true]]) {
      for (const [index, call] of [
        () => client.query(statement),
        () => client.execute(statement),
        byCallback(plain, 'query', statement),
        byCallback(plain, 'query', { sql: `${statement}, ?` }, ['x']),
        byCallback(plain, 'execute', statement),
        byCallback(pool, 'query', statement),
        () => pool.promise().query(statement),
        () => new Promise((resolve, reject) => plain.query(statement).on('error', reject).on('end', resolve))
      ].entries()) assert.equal(await blocks(call), refused, `${index} ${statement}`)
    }
    const all = await Promise.all([EVIL, GOOD, EVIL, GOOD].map((statement) => blocks(() => pool.promise().query(statement))))
    assert.deepEqual(all, [true, false, true, false])
    assert.equal((await client.query(EVIL))[0].length, 1)
    plain.end()
    await pool.promise().end()
  })
})
