// The Worker as wrangler uploads it: how large it is, and what is not in it.
import { execFile } from 'node:child_process'
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { delimiter, join } from 'node:path'
import { promisify } from 'node:util'
import { gzipSync } from 'node:zlib'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'

const ROOT = join(import.meta.dirname, '../..')
const WRANGLER = join(ROOT, 'node_modules/wrangler/bin/wrangler.js')
/** Of who deploys: nothing of it belongs into what is uploaded. */
const SECRET = 'a-secret-of-the-environment'

const MOST_AT_START = 150 * 1024
/** There is more in all: what syncs, maps and explains is loaded when it is first needed. */
const MOST_IN_ALL = 300 * 1024

/** Of what an object loads, besides what is there at the start, to answer consumers and who looks after it. */
const MOST_TO_SERVE = 45 * 1024

const folder = mkdtempSync(join(tmpdir(), 'bridge-bundle-'))
const scripts = new Map<string, string>()
let told = ''

beforeAll(async () => {
  const env = {
    ...process.env,
    PATH: `${join(ROOT, 'node_modules/.bin')}${delimiter}${process.env.PATH ?? ''}`,
    CI: '1',
    WRANGLER_SEND_METRICS: 'false',
    POWERSCHOOL_CLIENT_SECRET: SECRET,
    SEALING_KEY: SECRET,
  }
  const command = [WRANGLER, 'deploy', '--dry-run', '--outdir', folder]
  told = (await promisify(execFile)(process.execPath, command, { cwd: ROOT, env })).stdout
  for (const name of readdirSync(folder).filter((file) => file.endsWith('.js'))) {
    scripts.set(name, readFileSync(join(folder, name), 'utf8'))
  }
})

afterAll(() => rmSync(folder, { recursive: true, force: true }))

const gzipBytes = (names: Iterable<string>) =>
  gzipSync([...names].map((name) => scripts.get(name) ?? '').join('')).length

/** What a script cannot begin without; `import(…)` is not among it. */
const importsOf = (name: string) =>
  [...(scripts.get(name) ?? '').matchAll(/(?:^|[;\n])(?:import|export)\s*(?:[\w$*{},\s]+?\bfrom)?\s*"([^"]+)"/g)].map(
    ([, target = '']) => target,
  )

const scriptsAtStart = () => scriptsWith(['worker.js'])

/** With what they cannot begin without. */
function scriptsWith(first: Iterable<string>): Set<string> {
  const names = new Set(first)
  for (const name of names) {
    for (const target of importsOf(name)) if (target.startsWith('./')) names.add(target.slice(2))
  }
  return names
}

/** The files that a script is made of, from the project's folder. */
function sourcesOf(names: Iterable<string>): string[] {
  return [...names].flatMap((name) => {
    const map = join(ROOT, 'dist/worker', `${name}.map`)
    // The bundler's own has none.
    if (!existsSync(map)) return []
    const { sources } = JSON.parse(readFileSync(map, 'utf8'))
    return (sources as readonly string[]).map((source) => source.replace(/^(?:\.\.\/)+/, ''))
  })
}

/** What `src/worker/profile-object.ts` imports when an object begins. */
function scriptsToServe(): Set<string> {
  const begun = [...scripts.keys()].filter((name) =>
    sourcesOf([name]).some((source) => source === 'src/profiles/host.ts' || source === 'src/worker/mappings.ts'),
  )
  const names = scriptsWith(begun)
  for (const name of scriptsAtStart()) names.delete(name)
  return names
}

const packageOf = (source: string) => /(?:^|\/)node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(source)?.[1]

describe('the upload', () => {
  it('is at most 150 KB where the Worker starts, as is every script that it loads later', () => {
    expect(scriptsAtStart().size).toBeLessThan(scripts.size)
    expect(gzipBytes(scriptsAtStart())).toBeLessThanOrEqual(MOST_AT_START)
    for (const name of scripts.keys()) expect(gzipBytes([name])).toBeLessThanOrEqual(MOST_AT_START)
  })

  it('stays small in all, as wrangler counts it', () => {
    const kib = Number(/gzip: ([\d.]+) KiB/.exec(told)?.[1])
    expect(kib * 1024).toBeLessThanOrEqual(MOST_IN_ALL)
    expect(Math.abs(kib * 1024 - gzipBytes(scripts.keys()))).toBeLessThan(2_048)
  })

  it('starts without what reads, maps and keeps rosters', () => {
    const folders = sourcesOf(scriptsAtStart()).map((source) => source.split('/').slice(0, 2).join('/'))
    expect(folders).toContain('src/front')
    for (const later of ['src/mapping', 'src/sync', 'src/readiness', 'mappings']) expect(folders).not.toContain(later)
  })

  it('serves from an object that was begun anew without what reads PowerSchool, maps, checks and explains', () => {
    const names = scriptsToServe()
    expect(gzipBytes(names)).toBeGreaterThan(10_000)
    expect(gzipBytes(names)).toBeLessThanOrEqual(MOST_TO_SERVE)
    const sources = sourcesOf([...scriptsAtStart(), ...names])
    for (const needed of [
      'src/profiles/host.ts',
      'src/app.ts',
      'src/http/roster-read.ts',
      'src/sync/step-schedule.ts',
    ]) {
      expect(sources).toContain(needed)
    }
    const idle =
      /^(?:src\/(?:mapping\/|powerschool(?!\/stop\.ts)|readiness\/readiness|load-mapping|district)|mappings\/)/
    expect(sources.filter((source) => idle.test(source))).toEqual([])
    expect(sources.filter((source) => ['yaml'].includes(packageOf(source) ?? ''))).toEqual([])
    const ofSync = sources.filter((source) => source.startsWith('src/sync/')).map((source) => source.slice(9))
    expect(ofSync.sort()).toEqual([
      'announce.ts',
      'last-mapped.ts',
      'make-schedule.ts',
      'report.ts',
      'roster-requests.ts',
      'schedule.ts',
      'step-schedule.ts',
      'waits.ts',
    ])
  })

  it('asks of the runtime what is listed here', () => {
    const modules = [...scripts.values()].flatMap(
      (text) => text.match(/(?<=["'`])(?:node|cloudflare):[\w/]+(?=["'`])/g) ?? [],
    )
    expect([...new Set(modules)].sort()).toEqual(['cloudflare:workers', 'node:zlib'])
  })

  it('is made of these packages', () => {
    const packages = sourcesOf(scripts.keys()).flatMap((source) => packageOf(source) ?? [])
    expect([...new Set(packages)].sort()).toEqual(['hono', 'jose', 'yaml', 'zod'])
  })

  it('holds nothing of tests, of the command line or of Node', () => {
    const own = sourcesOf(scripts.keys()).filter((source) => packageOf(source) === undefined)
    const strange = own.filter(
      (source) => !/^(?:src\/(?!cli|node|store\/node-)|mappings\/(?!districts)|package\.json$)/.test(source),
    )
    expect(strange).toEqual([])
  })

  it('holds neither a secret of who builds it nor what it is built with', () => {
    for (const text of scripts.values()) {
      expect(text).not.toContain(SECRET)
      expect(text).not.toContain('devDependencies')
    }
  })

  it('holds the default mapping without its examples', () => {
    const texts = [...scripts.values()].join('')
    expect(texts).toContain('entities:')
    expect(texts).not.toMatch(/\\n\s+- row:/)
  })
})
