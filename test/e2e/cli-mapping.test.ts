// `bridge mapping check`, `test`, `init`, `schema` and `reference`, as real processes.
import { mkdirSync, readFileSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { dataDir, linesOf, runCli, spawnNode } from './processes.ts'

/** A folder with a layer, and one below it, with this e-mail. */
function layerFiles(email: string): string {
  const folder = dataDir()
  const layer = (below: string, value: string) =>
    `extends: ${below}\nentities:\n  users:\n    student:\n      fields:\n        email: ${value}\n`
  mkdirSync(join(folder, 'state'))
  writeFileSync(join(folder, 'state', 'state.yaml'), layer('default', '=lower(inherited)'))
  const example = `      examples:
        - it: has no address
          row: { id: 7, local_id: 1, name: { first_name: Ada, last_name: Li }, school_enrollment: { enroll_status_code: 0, school_id: 3 } }
          given: { schools: [{ id: 3, name: Oak, school_number: 103 }] }
          gives: { email: nobody@example.org }
`
  writeFileSync(join(folder, 'district.yaml'), layer('state/state.yaml', email).concat(example))
  return join(folder, 'district.yaml')
}

describe('a layer on the command line', () => {
  it('is checked with those below it, by option or by setting', async () => {
    const path = layerFiles('=first(inherited, "nobody@example.org")')
    const plain = await runCli(['mapping', 'check'])
    const count = Number(/^(\d+) mapping files/.exec(plain.stdout)?.[1])
    const runs = [runCli(['mapping', 'check', '--mapping', path]), runCli(['mapping', 'check'], { MAPPING: path })]
    for (const ended of await Promise.all(runs)) {
      expect(ended.stdout).toBe(`${count + 2} mapping files, no mistakes.\n`)
      expect(ended.code).toBe(0)
    }
  })

  it('has its examples run', async () => {
    const good = await runCli(['mapping', 'test', '--mapping', layerFiles('=first(inherited, "nobody@example.org")')])
    expect(good.stdout).toMatch(/^(\d+) of \1 examples hold\.$/m)
    expect(good.code).toBe(0)
    const path = layerFiles('=inherited')
    const bad = await runCli(['mapping', 'test', '--mapping', path])
    expect(bad.stdout).toContain(`${path}:8: example "has no address" of users.student\n    email: expected "nobody`)
    expect(bad.code).toBe(1)
  })

  it('with a mistake is told with its line', async () => {
    const path = layerFiles('=first(inherted, "nobody@example.org")')
    const told = await runCli(['mapping', 'check', '--mapping', path])
    expect(told.stdout).toContain(`${path}:6:23: name: \`users.student\` knows no \`inherted\`.`)
    expect(told.stdout).toContain('\n            email: =first(inherted, "nobody@example.org")\n')
    expect([told.code, told.stderr]).toEqual([1, '1 mistake.\n'])
    const json = await runCli(['mapping', 'test', '--json', '--mapping', path])
    expect(JSON.parse(json.stdout)).toMatchObject({ ok: false, diagnostics: [{ file: path, line: 6, column: 23 }] })
    expect(json.code).toBe(1)
  })

  it('is not passed over when its name is empty', async () => {
    for (const command of ['check', 'test']) {
      const told = await runCli(['mapping', command, '--mapping', ''])
      expect(told.stderr).toMatch(/^--mapping is empty\. Name a layer/)
      expect([told.code, told.stdout]).toEqual([2, ''])
    }
    expect((await runCli(['mapping', 'check'], { MAPPING: ' ' })).code).toBe(0)
  })

  it('that is not there is told by its path, and so is a folder', async () => {
    for (const path of ['no/such.yaml', 'mappings']) {
      const told = await runCli(['mapping', 'check', '--mapping', path])
      expect(told.stdout).toContain(`${path}:1:1: extends: there is no such file.`)
      expect(told.code).toBe(1)
    }
  })
})

describe('what a program reads of a layer', () => {
  it('is the files and every mistake', async () => {
    const path = layerFiles('=first(inherted, "nobody@example.org")')
    const { stdout, stderr, code } = await runCli(['mapping', 'check', '--json', '--mapping', path])
    const { files, ...told } = JSON.parse(stdout)
    expect(told).toEqual({
      ok: false,
      diagnostics: [
        { file: path, line: 6, column: 23, code: 'name', message: expect.stringContaining('knows no `inherted`.') },
      ],
    })
    expect(files.slice(-2)).toEqual([join(path, '..', 'state', 'state.yaml'), path])
    expect([code, stderr]).toEqual([1, ''])
  })

  it('is every example', async () => {
    const path = layerFiles('=inherited')
    const { stdout, code } = await runCli(['mapping', 'test', '--format', 'json', '--mapping', path])
    const { ok, diagnostics, examples } = JSON.parse(stdout)
    expect([ok, diagnostics, code]).toEqual([false, [], 1])
    expect(examples.at(-1)).toEqual({
      file: path,
      line: 8,
      column: 11,
      rule: 'users.student',
      it: 'has no address',
      ok: false,
      differences: ['email: expected "nobody@example.org", got nothing'],
    })
    expect(examples.at(0)).toMatchObject({ ok: true, differences: [] })
  })

  it('is an annotation of GitHub for each mistake, and each example that does not hold', async () => {
    const path = layerFiles('=first(inherted, "100%")')
    const check = await runCli(['mapping', 'check', '--format', 'github', '--mapping', path])
    expect(check.stdout).toMatch(
      /^::error file=[^,:]+district\.yaml,line=6,col=23,title=mapping%3A name::`users\.student` knows no/,
    )
    expect([check.code, check.stdout.trimEnd().split('\n').length]).toEqual([1, 1])
    const held = layerFiles('=inherited')
    const test = await runCli(['mapping', 'test', '--format', 'github', '--mapping', held])
    expect(test.stdout).toBe(
      `::error file=${held},line=8,col=11,title=example of users.student::"has no address"%0Aemail: expected "nobody@example.org", got nothing\n`,
    )
    expect(test.code).toBe(1)
  })

  it('is nothing where nothing is wrong, and wrong usage is told', async () => {
    const good = await runCli(['mapping', 'check', '--format', 'github'])
    expect([good.code, good.stdout]).toEqual([0, ''])
    for (const [options, told] of [
      [['--format', 'xml'], '--format can\'t be "xml". Known here: text, json, github.'],
      [['--format', 'github', '--json'], '--json and --format github ask for two formats.'],
      [['--format', 'github', '--watch'], '--watch is for a person or a program'],
    ] as const) {
      const wrong = await runCli(['mapping', 'check', ...options])
      expect([wrong.code, wrong.stdout]).toEqual([2, ''])
      expect(wrong.stderr).toContain(told)
    }
  })
})

describe('a layer that is watched', () => {
  it('is checked again when it is changed, replaced, removed and there again, until Ctrl+C', async () => {
    const path = layerFiles('=first(inherited, "nobody@example.org")')
    const good = readFileSync(path, 'utf8')
    const { child, output, printed, ended } = spawnNode(
      'src/cli.ts',
      ['mapping', 'check', '--watch', '--mapping', path],
      {},
    )
    /** Waits for what is printed after this, and forgets it. */
    const told = async (pattern: RegExp) => {
      const found = await printed(pattern)
      output.stdout = output.stdout.slice(found.index + found[0].length)
      return found
    }
    await told(/^ok, 1 of 1 examples hold\.\n\n/m)
    writeFileSync(path, good.replace('inherited', 'inherted'))
    await told(/district\.yaml:6:23: name: [\s\S]*\^\n1 mistake\.\n\n/)
    writeFileSync(`${path}~`, good.replace('nobody', 'other'))
    renameSync(`${path}~`, path)
    await told(/example "has no address" of users\.student\n {4}email: [^\n]*\n0 of 1 examples hold\.\n\n/)
    rmSync(path)
    await told(/district\.yaml:1:1: extends: there is no such file[\s\S]*1 mistake\.\n\n/)
    writeFileSync(path, good)
    await told(/^ok, 1 of 1 examples hold\.\n\n/m)
    const below = join(path, '..', 'state')
    rmSync(below, { recursive: true })
    await told(/district\.yaml:1:10: extends: there is no file/)
    mkdirSync(below)
    writeFileSync(join(below, 'state.yaml'), 'extends: default\n')
    await told(/^ok, 1 of 1 examples hold\.\n\n/m)
    child.kill('SIGINT')
    expect(await ended).toMatchObject({ code: 0, stderr: '' })
  })

  it('is checked again when the layer that it extends comes to be, in another folder', async () => {
    const folder = dataDir()
    mkdirSync(join(folder, 'district'))
    const path = join(folder, 'district', 'district.yaml')
    writeFileSync(path, 'extends: ../state/state.yaml\n')
    const { child, printed, ended } = spawnNode('src/cli.ts', ['mapping', 'check', '--watch', '--mapping', path], {})
    await printed(/there is no file [\s\S]*1 mistake\.\n\n/)
    mkdirSync(join(folder, 'state'))
    writeFileSync(join(folder, 'state', 'state.yaml'), 'extends: default\n')
    await printed(/^ok, 0 of 0 examples hold\.\n\n/m)
    child.kill('SIGINT')
    expect((await ended).code).toBe(0)
  })

  it('is checked again when it is a link, and the file that it leads to is changed', async () => {
    const folder = dataDir()
    mkdirSync(join(folder, 'shared'))
    mkdirSync(join(folder, 'district'))
    const path = join(folder, 'district', 'district.yaml')
    writeFileSync(join(folder, 'shared', 'ours.yaml'), 'extends: default\n')
    symlinkSync('../shared/ours.yaml', path)
    const { child, printed, ended } = spawnNode('src/cli.ts', ['mapping', 'check', '--watch', '--mapping', path], {})
    await printed(/^ok, 0 of 0 examples hold\.\n\n/m)
    writeFileSync(join(folder, 'shared', 'ours.yaml'), 'extends: default\nsettings: { nothing: =x }\n')
    await printed(/district\.yaml:2:\d+: [\s\S]*1 mistake\.\n\n/)
    child.kill('SIGINT')
    expect((await ended).code).toBe(0)
  })

  it('is told as one line of JSON each time', async () => {
    const path = layerFiles('=inherted')
    const { child, output, printed, ended } = spawnNode(
      'src/cli.ts',
      ['mapping', 'check', '--watch', '--json', '--mapping', path],
      {},
    )
    await printed(/\n/)
    writeFileSync(path, 'extends: default\n')
    await printed(/\n.*\n/)
    child.kill('SIGINT')
    expect((await ended).code).toBe(0)
    expect(linesOf(output.stdout)).toMatchObject([
      { ok: false, diagnostics: [{ code: 'name' }] },
      { ok: true, diagnostics: [], examples: [] },
    ])
  })
})

describe('a layer to begin with', () => {
  it('is written once, names the schema, and is checked by what it says next', async () => {
    const path = join(dataDir(), 'mapping.yaml')
    const made = await runCli(['mapping', 'init', path])
    expect([made.code, made.stderr]).toEqual([0, ''])
    expect(made.stdout).toContain(`mapping check --mapping ${path}`)
    const text = readFileSync(path, 'utf8')
    const schema = /^# yaml-language-server: \$schema=(.*)\n/.exec(text)?.[1] ?? ''
    expect(JSON.parse(readFileSync(join(path, '..', schema), 'utf8'))).toMatchObject({ title: expect.any(String) })
    expect((await runCli(['mapping', 'check', '--mapping', path])).code).toBe(0)
    writeFileSync(path, 'mine')
    const again = await runCli(['mapping', 'init', path])
    expect(again).toMatchObject({ code: 1, stdout: '' })
    expect(again.stderr).toBe(`${path} is there already, and was not changed. Name another file, or remove it first.\n`)
    expect(readFileSync(path, 'utf8')).toBe('mine')
  })

  it('is refused where it cannot be written', async () => {
    const wrong = await runCli(['mapping', 'init', join(dataDir(), 'no', 'such.yaml')])
    expect(wrong).toMatchObject({ code: 1, stdout: '' })
    expect(wrong.stderr).toContain('cannot be written (ENOENT).')
    expect((await runCli(['mapping', 'init', 'a', 'b'])).code).toBe(2)
  })
})

describe('what editors and documents use', () => {
  it('is the schema, printed or written', async () => {
    const shipped = readFileSync('mappings/mapping.schema.json', 'utf8')
    expect(await runCli(['mapping', 'schema'])).toMatchObject({ code: 0, stdout: shipped })
    const out = join(dataDir(), 'schema.json')
    expect(await runCli(['mapping', 'schema', '--out', out])).toMatchObject({ code: 0, stdout: '' })
    expect(readFileSync(out, 'utf8')).toBe(shipped)
    expect((await runCli(['mapping', 'schema', '--out', ''])).code).toBe(2)
  })

  it('is the reference, printed or between its marks', async () => {
    const printed = await runCli(['mapping', 'reference'])
    expect(printed.stdout).toMatch(/^## Functions\n/)
    const data = JSON.parse((await runCli(['mapping', 'reference', '--json'])).stdout)
    expect(Object.keys(data)).toEqual(['functions', 'kinds', 'codes', 'settings'])
    const path = join(dataDir(), 'guide.md')
    writeFileSync(path, 'Codes:\n<!-- generated: codes --><!-- end -->\n'.replace('--><', '-->\n<'))
    expect(await runCli(['mapping', 'reference', '--into', path])).toMatchObject({
      code: 0,
      stdout: `${path} is written.\n`,
    })
    expect(readFileSync(path, 'utf8')).toContain('| `yaml` | ')
    expect((await runCli(['mapping', 'reference', '--into', path])).stdout).toBe(`${path} is up to date.\n`)
    writeFileSync(path, '<!-- generated: kodes -->\n<!-- end -->\n')
    const wrong = await runCli(['mapping', 'reference', '--into', path])
    expect(wrong).toMatchObject({
      code: 1,
      stderr: `${path}: there is no part \`kodes\`, but functions, keys, codes, settings.\n`,
    })
  })
})
