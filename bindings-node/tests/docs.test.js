'use strict'

// The programs of the documentation run as they are written.

const assert = require('node:assert/strict')
const { spawn } = require('node:child_process')
const fs = require('node:fs')
const net = require('node:net')
const path = require('node:path')
const { once } = require('node:events')
const { test } = require('node:test')
const { setTimeout: sleep } = require('node:timers/promises')

const root = path.join(__dirname, '..')
const pages = fs.readdirSync(path.join(root, 'docs')).filter((page) => page !== 'README.md')
const blocks = (text, language) => [...text.matchAll(new RegExp(`^\`\`\`${language}\n(.*?)^\`\`\``, 'gms'))].map(([, block]) => block)
const ATTACK = '/?q=%3Cscript%3Ealert(1)%3C/script%3E'

async function freePort () {
  const server = net.createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address()
  server.close()
  return port
}

/** Runs a program that listens on port 8000, and sends requests to it. */
async function run (t, program, variables, requests) {
  const folder = fs.mkdtempSync(path.join(__dirname, 'docs-'))
  const port = await freePort()
  fs.writeFileSync(path.join(folder, 'app.js'), program.replace('8000', String(port)))
  const child = spawn(process.execPath, ['app.js'], {
    cwd: folder, stdio: 'inherit', env: { ...process.env, ...variables, DD_APPSEC_WAF_TIMEOUT: '10000000' }
  })
  t.after(() => {
    child.kill()
    fs.rmSync(folder, { recursive: true })
  })
  for (const [target, status] of requests) {
    const answer = await patiently(() => fetch(`http://127.0.0.1:${port}${target}`, { headers: { connection: 'close' } }), child)
    assert.equal(answer.status, status, target)
    await answer.text()
  }
}

async function patiently (ask, child) {
  for (let attempt = 0; attempt < 300; attempt++) {
    try {
      return await ask()
    } catch (error) {
      assert.ok(child.exitCode === null && error.cause?.code === 'ECONNREFUSED', String(error.cause))
      await sleep(100)
    }
  }
  return assert.fail('the program does not listen')
}

for (const page of pages) {
  test(page, async (t) => {
    const text = fs.readFileSync(path.join(root, 'docs', page), 'utf8')
    const [program] = blocks(text, 'js')
    const [command, ...lines] = blocks(text, 'sh')[0].trim().split('\n')
    assert.equal(command, 'BARTIZAN_MODE=block node app.js')
    const requests = lines.map((line) => /^curl -i 'http:\/\/127.0.0.1:8000(.*)' +# (\d+)$/.exec(line).slice(1))
    await run(t, program, { BARTIZAN_MODE: 'block' }, requests.map(([target, status]) => [target, Number(status)]))
    for (const [, link] of text.matchAll(/\]\((\w+\.md)\)/g)) assert.ok(pages.includes(link), link)
  })
}

test('the first lines of the README', async (t) => {
  const readme = fs.readFileSync(path.join(root, '..', 'README.md'), 'utf8')
  const [section] = readme.split('## Protect a web app')[1].split('\n## ')
  const programs = blocks(section, 'js')
  assert.equal(programs.length, 2)
  for (const [program, more] of [
    [programs[0], "app.get('/', (req, res) => res.send('hello'))\napp.listen(8000)\n"],
    [programs[1], "app.get('/', async () => 'hello')\napp.listen({ port: 8000 })\n"]
  ]) {
    await run(t, program + more, { BARTIZAN_MODE: 'block' }, [['/', 200], [ATTACK, 403]])
    await run(t, program + more, {}, [['/', 200], [ATTACK, 200]])
  }
})
