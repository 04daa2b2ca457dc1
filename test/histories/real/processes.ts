// Processes of the simulated PowerSchool and of the bridge: started, watched line by line, killed and started again.
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { COMPILE_CACHE } from '../../support/compile-cache.ts'

const ROOT = fileURLToPath(new URL('../../../', import.meta.url))

export type Environment = Readonly<Record<string, string>>

type Line = Readonly<Record<string, unknown>>

export interface Child {
  readonly process: ChildProcess
  /** The first line that fits, of those that came already or only of those that come from now on. Refuses when the process ends without one. */
  line(fits: (line: Line) => boolean, when?: 'ever' | 'next'): Promise<Line>
  readonly ended: Promise<void>
  /** What it wrote to standard error. */
  readonly errors: () => string
}

/** Runs a file of the project with Node, with this environment and nothing of the checker's but the path to programs. */
export function startChild(file: string, args: readonly string[], environment: Environment): Child {
  const child = spawn(process.execPath, [file, ...args], {
    cwd: ROOT,
    env: { PATH: process.env.PATH, NODE_COMPILE_CACHE: COMPILE_CACHE, ...environment },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const lines: Line[] = []
  const watchers = new Set<() => void>()
  let rest = ''
  let errors = ''
  let hasEnded = false
  const tell = () => {
    for (const watcher of [...watchers]) watcher()
  }
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    const parts = `${rest}${text}`.split('\n')
    rest = parts.pop() ?? ''
    lines.push(...parts.filter((part) => part.startsWith('{')).map((part) => JSON.parse(part)))
    tell()
  })
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    errors += text
  })
  const ended = once(child, 'close').then(() => {
    hasEnded = true
    tell()
  })
  return {
    process: child,
    ended,
    errors: () => errors,
    line: (fits, when = 'ever') =>
      new Promise((resolve, reject) => {
        const from = when === 'ever' ? 0 : lines.length
        const look = () => {
          const found = lines.slice(from).find(fits)
          if (found === undefined && !hasEnded) return
          watchers.delete(look)
          if (found === undefined) reject(new Error(`${file} ended without the line: ${errors.slice(-500)}`))
          else resolve(found)
        }
        watchers.add(look)
        look()
      }),
  }
}

export interface RealBridge {
  /** Where it listens; none between its death and its return. */
  readonly url: () => string | undefined
  start(): Promise<void>
  end(signal: 'SIGKILL' | 'SIGTERM'): Promise<void>
  /** Resolves when the process that runs now logs the event again, or ends. */
  event(name: string): Promise<void>
}

export function createRealBridge(environment: Environment): RealBridge {
  let child: Child | undefined
  let url: string | undefined
  return {
    url: () => url,
    async start() {
      const started = startChild('src/node.ts', [], environment)
      child = started
      const listening = await started.line(({ event }) => event === 'listening')
      if (child === started) url = String(listening.url)
    },
    async end(signal) {
      url = undefined
      const ending = child
      ending?.process.kill(signal)
      await ending?.ended
    },
    async event(name) {
      await child?.line(({ event }) => event === name, 'next').catch(() => {})
    },
  }
}
