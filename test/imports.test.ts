// The house rules of the imports: dependencies point one way, and only the entries know the runtime.
import { readdirSync, readFileSync } from 'node:fs'
import { dirname, join, relative } from 'node:path'
import { describe, expect, it } from 'vitest'

const ROOT = join(import.meta.dirname, '..')
const FILES = readdirSync(join(ROOT, 'src'), { recursive: true, encoding: 'utf8' })
  .filter((name) => name.endsWith('.ts'))
  .map((name) => join('src', name))

/** Every import as a path from the project's folder, or a package's name. */
function importsOf(file: string): string[] {
  const text = readFileSync(join(ROOT, file), 'utf8')
  const found = text.matchAll(/(?:from|import)\s*\(?\s*'([^']+)'/g)
  return [...found].map(([, target = '']) =>
    target.startsWith('.') ? relative(ROOT, join(ROOT, dirname(file), target)) : target,
  )
}

/** A folder of src → the folders of src that it may import, besides its own and the files at the top that all share. */
const MAY_IMPORT: Readonly<Record<string, readonly string[]>> = {
  'src/mapping': [],
  'src/powerschool': [],
  'src/readiness': [],
  'src/oneroster': ['src/store/sql.ts'],
  'src/store': ['src/gzip'],
  'src/auth': ['src/store'],
  'src/sync': ['src/mapping', 'src/powerschool', 'src/store', 'src/readiness', 'src/version.ts'],
  'src/groups': [
    'src/oneroster',
    'src/readiness',
    'src/store',
    'src/sync',
    'src/config.ts',
    'src/context.ts',
    'src/runtime.ts',
    'src/wiring.ts',
  ],
  'src/preview': ['src/mapping', 'src/store', 'src/sync'],
  'src/http': ['src/auth', 'src/gzip', 'src/metrics/format.ts', 'src/oneroster', 'src/store', 'src/context.ts'],
  'src/metrics': [
    'src/groups/report.ts',
    'src/oneroster',
    'src/readiness',
    'src/store',
    'src/sync/report.ts',
    'src/context.ts',
    'src/version.ts',
  ],
  'src/admin': ['src/auth', 'src/mapping', 'src/store', 'src/sync', 'src/context.ts', 'src/readiness'],
}
const SHARED = ['src/digest.ts', 'src/errors.ts', 'src/log.ts', 'src/recent.ts']

describe.each(Object.entries(MAY_IMPORT))('%s', (folder, allowed) => {
  it('imports nothing that it must not know', () => {
    const wrong = FILES.filter((file) => file.startsWith(`${folder}/`)).flatMap((file) =>
      importsOf(file)
        .filter((target) => target.startsWith('src/'))
        .filter(
          (target) => ![folder, ...allowed, ...SHARED].some((name) => target === name || target.startsWith(`${name}/`)),
        )
        .map((target) => `${file} → ${target}`),
    )
    expect(wrong).toEqual([])
  })
})

describe('the runtime', () => {
  const KNOWS_NODE = [
    'src/node.ts',
    'src/node/',
    'src/cli.ts',
    'src/store/node-sqlite.ts',
    'src/store/node-checkpoints.ts',
    'src/store/node-checkpoint-thread.ts',
    // What Workers have of it.
    'src/worker/runtime.ts',
  ]
  const KNOWS_WORKERS = ['src/worker.ts', 'src/worker/']
  const core = FILES.filter(
    (file) => !KNOWS_NODE.some((known) => file.startsWith(known)) && !file.startsWith('src/cli/'),
  )

  it('is known to the entries and the SQL driver alone', () => {
    const wrong = core.flatMap((file) =>
      importsOf(file)
        .filter((target) => target.startsWith('node:') || target === 'undici' || target.startsWith('@hono/node-server'))
        .map((target) => `${file} → ${target}`),
    )
    expect(wrong).toEqual([])
  })

  it('of Cloudflare is known to the Worker alone', () => {
    const others = FILES.filter((file) => !KNOWS_WORKERS.some((known) => file.startsWith(known)))
    const wrong = others.flatMap((file) =>
      importsOf(file)
        .filter((target) => target.startsWith('cloudflare:') || target.startsWith('src/worker'))
        .map((target) => `${file} → ${target}`),
    )
    expect(wrong).toEqual([])
  })

  it('is not reached through globals of Node either', () => {
    const wrong = core.filter((file) =>
      /\b(?:process\.(?=[a-z])(?!\w+Ms)|Buffer\.|__dirname|require\()/.test(readFileSync(join(ROOT, file), 'utf8')),
    )
    expect(wrong).toEqual([])
  })

  it('reads its entries from files that exist', () => {
    for (const known of KNOWS_NODE) expect(FILES.some((file) => file.startsWith(known))).toBe(true)
  })
})
