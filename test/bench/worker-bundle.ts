// The Worker as `wrangler deploy` would upload it.
import { execFile } from 'node:child_process'
import { mkdirSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { OFFLINE } from '../../fixtures/wrangler-dev.ts'

const ROOT = join(import.meta.dirname, '..', '..')
const WRANGLER = join(ROOT, 'node_modules', 'wrangler', 'bin', 'wrangler.js')

export interface WorkerBundle {
  readonly folder: string
  /** Of all that is uploaded, as wrangler tells it. */
  readonly gzipKib: number
}

export async function bundleInto(folder: string): Promise<WorkerBundle> {
  mkdirSync(folder, { recursive: true })
  const told = await wrangler(folder, 'deploy', '--dry-run', '--outdir', folder)
  return { folder, gzipKib: Number(/gzip: ([\d.]+) KiB/.exec(told)?.[1]) }
}

const ROUNDS = 3

/** What the Worker computes when it starts, as `wrangler check startup` samples it; the least, for others work here too. */
export async function startUpMs(folder: string): Promise<number> {
  const times: number[] = []
  for (let round = 0; round < ROUNDS; round++) {
    const told = await wrangler(folder, 'check', 'startup', '--outfile', join(folder, 'startup.cpuprofile'))
    times.push(Number(/Active: ([\d.]+) ms/.exec(told)?.[1]))
  }
  return Math.min(...times)
}

async function wrangler(home: string, ...words: readonly string[]): Promise<string> {
  const env = { ...process.env, ...OFFLINE, XDG_CONFIG_HOME: home }
  const { stdout } = await promisify(execFile)(process.execPath, [WRANGLER, ...words], { cwd: ROOT, env })
  return stdout
}

/** What wrangler.toml says of the runtime. */
export function compatibility(): { compatibilityDate: string; compatibilityFlags: string[] } {
  const text = readFileSync(join(ROOT, 'wrangler.toml'), 'utf8')
  const [, date = ''] = /^compatibility_date = "(.+)"$/m.exec(text) ?? []
  const [, flags = ''] = /^compatibility_flags = \[(.*)\]$/m.exec(text) ?? []
  return { compatibilityDate: date, compatibilityFlags: [...flags.matchAll(/"(.+?)"/g)].map(([, flag = '']) => flag) }
}

export interface WorkerModule {
  readonly type: 'ESModule' | 'Text'
  readonly path: string
}

const TYPES: Readonly<Record<string, WorkerModule['type']>> = { js: 'ESModule', yaml: 'Text' }
const ENTRY = 'worker.js'

/** The entry first. */
export function modulesOf(folder: string): WorkerModule[] {
  return readdirSync(folder)
    .sort((left, right) => Number(right === ENTRY) - Number(left === ENTRY))
    .flatMap((name) => {
      const type = TYPES[name.slice(name.lastIndexOf('.') + 1)]
      return type === undefined ? [] : [{ type, path: join(folder, name) }]
    })
}
