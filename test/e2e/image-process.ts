// A process of an image that was laid out in a folder: what Docker would start, as the image's user, on this machine.
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { chmodSync, copyFileSync, existsSync, mkdirSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { onTestEnd } from '../support/ending.ts'
import type { Image } from './dockerfile.ts'
import type { Environment } from './processes.ts'

export interface ImageProcess {
  readonly output: { stdout: string; stderr: string }
  readonly ended: Promise<number | null>
  printed(pattern: RegExp): Promise<RegExpExecArray>
  terminate(): Promise<number | null>
}

const NODE = '/usr/local/bin/node'

/** Runs words as `docker run` and `docker exec` do; paths of the image are turned into those of its folder. */
export function startInImage(image: Image, words: readonly string[], environment: Environment): ImageProcess {
  const [program, ...args] = words.map((word) => placed(image, word))
  if (program !== 'node') throw new Error(`${program} is not in the image`)
  const own = Object.fromEntries(Object.entries(image.environment).map(([name, value]) => [name, placed(image, value)]))
  const [uid, gid] = image.user.split(':').map(Number)
  const child = spawn(nodeOf(image), args, {
    cwd: join(image.root, image.workdir),
    env: { ...own, NODE_NO_WARNINGS: '1', ...environment },
    stdio: ['ignore', 'pipe', 'pipe'],
    // Nobody else may take another user's place.
    ...(process.getuid?.() === 0 ? { uid, gid } : {}),
  })
  return watched(child)
}

/** Below the image's folder, whose way there every user may go. */
function nodeOf({ root }: Image): string {
  const path = join(root, NODE)
  if (existsSync(path)) return path
  mkdirSync(dirname(path), { recursive: true })
  copyFileSync(process.execPath, path)
  chmodSync(path, 0o755)
  return path
}

const placed = ({ root }: Image, word: string) => word.replace(/^(--[\w-]+=)?(\/(?:data|run)\b)/, `$1${root}$2`)

function watched(child: ChildProcess): ImageProcess {
  const output = { stdout: '', stderr: '' }
  child.stdout?.setEncoding('utf8').on('data', (part: string) => {
    output.stdout += part
  })
  child.stderr?.setEncoding('utf8').on('data', (part: string) => {
    output.stderr += part
  })
  // What `close` tells, by Node's documentation.
  const ended = once(child, 'close').then(([code]) => code as number | null)
  onTestEnd(async () => {
    child.kill('SIGKILL')
    await ended
  })
  return {
    output,
    ended,
    async printed(pattern) {
      const gone = ended.then(() => 'gone' as const)
      for (;;) {
        const found = pattern.exec(output.stdout)
        if (found !== null) return found
        const more = child.stdout === null ? gone : once(child.stdout, 'data')
        if ((await Promise.race([more, gone])) !== 'gone') continue
        throw new Error(`ended without ${pattern}:\n${output.stdout}\n${output.stderr}`)
      }
    },
    terminate() {
      child.kill('SIGTERM')
      return ended
    },
  }
}
