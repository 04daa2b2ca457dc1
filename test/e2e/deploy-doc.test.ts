// docs/deploy.md against the project: what its commands, links and tables name is there.
import { spawnSync } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { join, normalize } from 'node:path'
import { describe, expect, it } from 'vitest'
import packageJson from '../../package.json' with { type: 'json' }
import { readMappingFiles } from '../../src/node/mapping-files.ts'
import { readNewProfile } from '../../src/profiles/body-read.ts'
import { createMappingShelf } from '../../src/profiles/mapping-shelf.ts'
import { consumerOf, syncToEnd } from './consumer.ts'
import { startPowerSchool } from './powerschool.ts'
import { dataDir, runCli, startServer } from './processes.ts'

const ROOT = join(import.meta.dirname, '..', '..')
const DOC = readFileSync(join(ROOT, 'docs/deploy.md'), 'utf8')

/** The lines of shell blocks, those that go on put together, here-documents with their command. */
const COMMANDS = [...DOC.matchAll(/^( *)```sh\n([\s\S]*?)^ *```$/gm)].flatMap(([, indent = '', block = '']) =>
  block
    .replaceAll(new RegExp(`^${indent}`, 'gm'), '')
    .replaceAll(/\\\n\s*/g, '')
    .split(/\n(?![\s{}]|BODY\n)/)
    .flatMap((line) => line.split(' && '))
    .map((line) => line.replace(/^sudo (?:-u \S+ )?/, '').trim())
    .filter((line) => line !== ''),
)

/** Programs of the system: what matters about them here are the paths that they are given. */
const SYSTEM =
  /^(?:mkdir|tar|cd|ln|useradd|install|nano|cp|rm|ls|systemctl|journalctl|openssl|chown|docker (?:build|run|logs|cp))\b/
/** The project's own files, where they are unpacked and where the release was installed. */
const FILES = /(?:(?<=\/opt\/oneroster-bridge\/)|(?<![\w/.-]))(?:deploy|src|docs)\/[\w./-]+/g

const helpOf = (words: readonly string[]) => runCli([...words, '--help'])

describe('the commands', () => {
  it('are many, and each is of a kind that is looked after here', async () => {
    expect(COMMANDS.length).toBeGreaterThan(40)
    const unknown = COMMANDS.filter(
      (line) =>
        !SYSTEM.test(line) && !/^(?:oneroster-bridge|npm|npx wrangler|curl|docker exec oneroster-bridge) /.test(line),
    )
    expect(unknown).toEqual([])
  })

  it('name files that the project has', () => {
    const named = COMMANDS.flatMap((line) => line.match(FILES) ?? [])
    expect(named.length).toBeGreaterThan(6)
    expect(named.filter((path) => !existsSync(join(ROOT, path)))).toEqual([])
  })

  it("are the project's own, where they are scripts or commands of it", async () => {
    const scripts = [...DOC.matchAll(/npm run ([\w:-]+)/g)].map(([, name = '']) => name)
    expect(scripts.filter((name) => !Object.hasOwn(packageJson.scripts, name))).toEqual([])
    const words = [...DOC.matchAll(/(?:src\/cli\.ts|oneroster-bridge) ((?:clients|mapping) \w+|check)\b/g)]
    const commands = new Set(words.map(([, name = '']) => name))
    expect([...commands].sort()).toEqual(['check', 'clients add', 'clients list', 'clients rotate'])
    for (const name of commands) expect([name, (await helpOf(name.split(' '))).code]).toEqual([name, 0])
  })

  it('make a profile that the admin API takes', async () => {
    const [, body = ''] = /<<'BODY'\n([\s\S]*?)\nBODY$/.exec(COMMANDS.find((line) => line.includes('BODY')) ?? '') ?? []
    const mappings = createMappingShelf(readMappingFiles())
    expect(
      await readNewProfile(JSON.parse(body), {
        mappings,
        now: () => Date.parse('2026-11-22'),
        open: async () => undefined,
      }),
    ).toMatchObject({
      ok: true,
    })
  })

  it('are commands of wrangler', () => {
    const words = new Set([...DOC.matchAll(/npx wrangler ([a-z]+(?: (?:put|list))?)/g)].map(([, name = '']) => name))
    expect([...words].sort()).toEqual(['deploy', 'deployments list', 'login', 'rollback', 'secret put', 'tail'])
    for (const name of ['deployments list', 'rollback']) {
      const env = { ...process.env, CI: '1', WRANGLER_SEND_METRICS: 'false' }
      const wrangler = join(ROOT, 'node_modules/wrangler/bin/wrangler.js')
      const asked = spawnSync(process.execPath, [wrangler, ...name.split(' '), '--help'], { env, encoding: 'utf8' })
      expect([asked.status, asked.stdout]).toEqual([0, expect.stringContaining(`wrangler ${name}`)])
    }
  })
})

describe('the text', () => {
  it('links to files and headings that are there', () => {
    const anchors = (text: string) =>
      [...text.matchAll(/^#+ (.*)$/gm)].map(([, heading = '']) =>
        heading
          .toLowerCase()
          .replaceAll(/[^\w\s-]/g, '')
          .replaceAll(/\s/g, '-'),
      )
    const broken = [...DOC.matchAll(/\]\(([^)#]*)(?:#([^)]*))?\)/g)].filter(([, path = '', anchor]) => {
      const file = path === '' ? join(ROOT, 'docs/deploy.md') : join(ROOT, normalize(join('docs', path)))
      return !existsSync(file) || (anchor !== undefined && !anchors(readFileSync(file, 'utf8')).includes(anchor))
    })
    expect(broken.map(([link]) => link)).toEqual([])
  })

  it('alerts on metrics that a running bridge has', async () => {
    const powerSchool = await startPowerSchool()
    const server = await startServer(powerSchool.environment(dataDir()))
    await syncToEnd(server)
    await (await consumerOf(server)).get('/users?limit=1')
    const text = await (await fetch(`${server.url}/metrics`)).text()
    const named = new Set(DOC.match(/oneroster_bridge_\w+/g))
    expect(named.size).toBeGreaterThan(5)
    expect([...named].filter((name) => !text.includes(`# TYPE ${name} `))).toEqual([])
  })
})
