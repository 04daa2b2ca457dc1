// Carries out a Dockerfile's steps in a folder, without Docker: what is copied, what is installed, and what is started how.
import { chmodSync, chownSync, cpSync, mkdirSync, readFileSync, statSync } from 'node:fs'
import { basename, dirname, join, posix, relative } from 'node:path'

export interface Image {
  /** The folder that stands for `/`. */
  readonly root: string
  readonly base: string
  readonly workdir: string
  readonly user: string
  readonly volumes: readonly string[]
  readonly environment: Readonly<Record<string, string>>
  /** Of the lists that Docker runs without a shell. */
  readonly entrypoint: readonly string[]
  readonly command: readonly string[]
  readonly healthcheck: readonly string[]
  /** The commands of RUN, as they are written. */
  readonly runs: readonly string[]
}

interface Stage extends Image {
  readonly environment: Record<string, string>
  readonly runs: string[]
}

interface Building {
  readonly context: string
  readonly into: string
  readonly ignore: (path: string) => boolean
  readonly stages: Map<string, Stage>
  readonly isRoot: boolean
}

/** Knows the instructions that our file has, and refuses any other. */
export function buildImage(context: string, into: string): Image {
  const building: Building = {
    context,
    into,
    ignore: ignoredBy(readFileSync(join(context, '.dockerignore'), 'utf8')),
    stages: new Map(),
    isRoot: process.getuid?.() === 0,
  }
  const values: Record<string, string> = {}
  let stage: Stage | undefined
  for (const [name, rest] of instructions(readFileSync(join(context, 'Dockerfile'), 'utf8'))) {
    const text = rest.replace(/\$\{(\w+)\}/g, (whole, variable: string) =>
      name === 'FROM' ? (values[variable] ?? whole) : whole,
    )
    if (name === 'ARG') Object.assign(values, Object.fromEntries([text.split('=')]))
    else if (name === 'FROM') stage = begin(building, text)
    else if (stage === undefined) throw new Error(`${name} before FROM`)
    else stage = apply(building, stage, name, text)
  }
  if (stage === undefined) throw new Error('no stage')
  return stage
}

/** Lines without comments, those that go on put together. */
export function instructions(text: string): [name: string, rest: string][] {
  const lines = text.replaceAll(/^\s*#.*\n/gm, '').replaceAll(/\\\n\s*/g, '')
  return lines
    .split('\n')
    .filter((line) => line.trim() !== '')
    .map((line) => {
      const [name = '', ...rest] = line.split(' ')
      return [name, rest.join(' ')]
    })
}

function begin({ into, stages }: Building, text: string): Stage {
  const [base = '', , name = 'last'] = text.split(' ')
  const root = join(into, name)
  mkdirSync(root, { recursive: true })
  const stage: Stage = {
    root,
    base,
    workdir: '/',
    user: 'root',
    volumes: [],
    environment: {},
    entrypoint: [],
    command: [],
    healthcheck: [],
    runs: [],
  }
  stages.set(name, stage)
  return stage
}

function apply(building: Building, stage: Stage, name: string, text: string): Stage {
  switch (name) {
    case 'WORKDIR':
      mkdirSync(join(stage.root, text), { recursive: true })
      return { ...stage, workdir: text }
    case 'ENV':
      for (const word of text.split(' ')) Object.assign(stage.environment, Object.fromEntries([word.split('=')]))
      return stage
    case 'COPY':
      copy(building, stage, text.split(' '))
      return stage
    case 'RUN':
      run(building, stage, text)
      stage.runs.push(text)
      return stage
    case 'USER':
      return { ...stage, user: text }
    case 'VOLUME':
      return { ...stage, volumes: [...stage.volumes, text] }
    case 'ENTRYPOINT':
      return { ...stage, entrypoint: listOf(text) }
    case 'CMD':
      return { ...stage, command: listOf(text) }
    case 'HEALTHCHECK':
      return { ...stage, healthcheck: listOf(text.slice(text.indexOf('CMD ') + 4)) }
    case 'EXPOSE':
      return stage
    default:
      throw new Error(`${name} is not known here: teach it to test/e2e/dockerfile.ts.`)
  }
}

/** The form with a list; the other would start a shell, which passes no signal on. */
const listOf = (text: string): string[] => JSON.parse(text)

function copy({ context, ignore, stages }: Building, stage: Stage, words: readonly string[]): void {
  const from = words.find((word) => word.startsWith('--from='))?.slice('--from='.length)
  const paths = words.filter((word) => !word.startsWith('--'))
  const target = paths.at(-1) ?? ''
  const into = join(stage.root, posix.resolve(stage.workdir, target))
  for (const path of paths.slice(0, -1)) {
    const source = from === undefined ? join(context, path) : join(stages.get(from)?.root ?? 'no such stage', path)
    const isFolder = statSync(source).isDirectory()
    const isAllowed = (file: string) =>
      from !== undefined || statSync(file).isDirectory() || !ignore(relative(context, file))
    if (!isFolder && !isAllowed(source)) throw new Error(`${path} is left out by .dockerignore`)
    const to = isFolder || (!target.endsWith('/') && paths.length === 2) ? into : join(into, basename(path))
    mkdirSync(dirname(to), { recursive: true })
    cpSync(source, to, { recursive: true, filter: isAllowed })
  }
}

function run({ context, isRoot }: Building, stage: Stage, text: string): void {
  const [program, ...words] = text.split(' ')
  if (program === 'npm' && words[0] === 'ci') {
    install(context, join(stage.root, stage.workdir), words)
  } else if (program === 'install' && words[0] === '-d') {
    const option = (name: string) => words[words.indexOf(name) + 1] ?? ''
    const folder = join(stage.root, words.at(-1) ?? '')
    mkdirSync(folder, { recursive: true })
    chmodSync(folder, Number.parseInt(option('-m'), 8))
    if (isRoot) chownSync(folder, Number(option('-o')), Number(option('-g')))
  } else throw new Error(`RUN ${text} is not known here: teach it to test/e2e/dockerfile.ts.`)
}

interface LockedPackage {
  readonly dev?: boolean
  readonly optional?: boolean
  readonly hasInstallScript?: boolean
}

/** What `npm ci` would leave there by the lock file in that folder, taken from the packages that are installed here. */
function install(context: string, folder: string, words: readonly string[]): void {
  const omitted = (what: string) => words.includes(`--omit=${what}`)
  const lock = JSON.parse(readFileSync(join(folder, 'package-lock.json'), 'utf8'))
  const packages: Record<string, LockedPackage> = lock.packages
  for (const [path, { dev, optional, hasInstallScript }] of Object.entries(packages)) {
    if (path === '' || (dev && omitted('dev')) || (optional && omitted('optional'))) continue
    if (hasInstallScript && words.includes('--ignore-scripts')) throw new Error(`${path} needs its install script`)
    cpSync(join(context, path), join(folder, path), { recursive: true })
  }
}

/** Of `.dockerignore`: the last line that fits a path, or a folder above it, decides. Knows `*` and plain paths. */
function ignoredBy(text: string): (path: string) => boolean {
  const lines = text.split('\n').filter((line) => line !== '' && !line.startsWith('#'))
  return (path) =>
    lines.reduce((isOut, line) => {
      const pattern = line.replace(/^!/, '')
      const fits = pattern === '*' || path === pattern || path.startsWith(`${pattern}/`)
      return fits ? !line.startsWith('!') : isOut
    }, false)
}
