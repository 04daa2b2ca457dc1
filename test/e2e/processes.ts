// Bridges as real processes: spawned, listened to, waited for, and gone when the test ends.
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as passed } from 'node:timers/promises'
import { COMPILE_CACHE } from '../support/compile-cache.ts'
import { onTestEnd } from '../support/ending.ts'

const ROOT = join(import.meta.dirname, '..', '..')

export type Environment = Readonly<Record<string, string>>

/** A folder that is gone after the test. */
export function dataDir(): string {
  const folder = mkdtempSync(join(tmpdir(), 'bridge-e2e-'))
  onTestEnd(() => rmSync(folder, { recursive: true, force: true }))
  return folder
}

export interface Ended {
  readonly code: number | null
  readonly signal: NodeJS.Signals | null
  readonly stdout: string
  readonly stderr: string
}

export interface Spawned {
  readonly child: ChildProcess
  readonly output: { stdout: string; stderr: string }
  readonly ended: Promise<Ended>
  /** Waits until the output matches; refuses when the process ends without it. */
  printed(pattern: RegExp, stream?: 'stdout' | 'stderr'): Promise<RegExpExecArray>
}

/** Runs a file of the project with these settings and nothing else of the test's own environment but what Node needs. */
export function spawnNode(file: string, args: readonly string[], environment: Environment): Spawned {
  const { PATH = '', HOME = '' } = process.env
  const env = { PATH, HOME, NODE_NO_WARNINGS: '1', NODE_COMPILE_CACHE: COMPILE_CACHE, ...environment }
  const child = spawn(process.execPath, [file, ...args], { cwd: ROOT, env, stdio: ['ignore', 'pipe', 'pipe'] })
  const output = { stdout: '', stderr: '' }
  const watchers = new Set<() => void>()
  const tell = () => {
    for (const watcher of watchers) watcher()
  }
  for (const stream of ['stdout', 'stderr'] as const) {
    child[stream].setEncoding('utf8').on('data', (text: string) => {
      output[stream] += text
      tell()
    })
  }
  let hasEnded = false
  const ended = once(child, 'close').then(([code, signal]) => {
    hasEnded = true
    tell()
    // What `close` tells, by Node's documentation.
    return { code: code as number | null, signal: signal as NodeJS.Signals | null, ...output }
  })
  onTestEnd(async () => {
    child.kill('SIGKILL')
    await ended
  })
  return {
    child,
    output,
    ended,
    printed: (pattern, stream = 'stdout') =>
      new Promise((resolve, reject) => {
        const look = () => {
          const found = pattern.exec(output[stream])
          if (found === null && !hasEnded) return
          watchers.delete(look)
          if (found !== null) resolve(found)
          else reject(new Error(`ended without ${pattern}:\n${output.stdout}\n${output.stderr}`))
        }
        watchers.add(look)
        look()
      }),
  }
}

/** One command of the command line, to its end. */
export function runCli(args: readonly string[], environment: Environment = {}): Promise<Ended> {
  return spawnNode('src/cli.ts', args, environment).ended
}

export interface Server extends Spawned {
  readonly url: string
  /** The events of the log so far. */
  events(): Record<string, unknown>[]
  kill(): Promise<Ended>
  terminate(): Promise<Ended>
}

/** `npm start`, as soon as it says where it listens. */
export async function startServer(environment: Environment): Promise<Server> {
  const spawned = spawnNode('src/node.ts', [], environment)
  const [, url = ''] = await spawned.printed(/"event":"listening","url":"([^"]+)"/)
  const end = (signal: NodeJS.Signals) => {
    spawned.child.kill(signal)
    return spawned.ended
  }
  return {
    ...spawned,
    url,
    events: () => linesOf(spawned.output.stdout),
    kill: () => end('SIGKILL'),
    terminate: () => end('SIGTERM'),
  }
}

/** Every line that is whole, each of which must be JSON. */
export function linesOf(text: string): Record<string, unknown>[] {
  const lines = text.slice(0, text.lastIndexOf('\n') + 1).split('\n')
  return lines.filter((line) => line !== '').map((line) => JSON.parse(line))
}

/** Between two questions: whoever is asked needs the core. */
const PAUSE_MS = 10

/** Asks again and again until the answer is one; the test's time limit ends it. */
export async function until<T>(ask: () => Promise<T | undefined | false>): Promise<T> {
  for (;;) {
    const answer = await ask()
    if (answer !== undefined && answer !== false) return answer
    await passed(PAUSE_MS)
  }
}

export function untilReady({ url }: Pick<Server, 'url'>): Promise<Response> {
  return until(async () => {
    const answer = await fetch(`${url}/readyz`)
    return answer.ok && answer
  })
}
