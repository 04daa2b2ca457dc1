// From the path of a layer to the layers over each other: `extends`, and what is said when it leads nowhere.
import { describe, expect, it } from 'vitest'
import { loadMapping, testFiles } from '../../src/load-mapping.ts'
import { formatDiagnostic } from '../../src/mapping/diagnostic.ts'
import { findLayers } from '../../src/mapping/files/layers.ts'
import { readLayers, readMappingFiles } from '../../src/node/mapping-files.ts'

/** The paths that are found, the lowest first, or what is said. */
function found(files: Readonly<Record<string, string>>, path: string): readonly string[] {
  const { layers, diagnostics } = findLayers(path, (name) => files[name])
  return diagnostics.length > 0 ? diagnostics.map((one) => formatDiagnostic(one)) : layers.map((layer) => layer.path)
}

const DEFAULT = 'extends: default\n'
const extending = (path: string) => `# A layer.\nextends: ${path}\n`

describe('the layers of a path', () => {
  it('are one that extends the default mapping', () => {
    expect(found({ 'a.yaml': DEFAULT }, 'a.yaml')).toEqual(['a.yaml'])
  })

  it('stand over each other, the lowest first', () => {
    const files = {
      'maps/district.yaml': extending('vendor.yaml'),
      'maps/vendor.yaml': extending('states/ga.yaml'),
      'maps/states/ga.yaml': DEFAULT,
    }
    expect(found(files, 'maps/district.yaml')).toEqual([
      'maps/states/ga.yaml',
      'maps/vendor.yaml',
      'maps/district.yaml',
    ])
  })

  it.each([
    ['a/b/c.yaml', '../d.yaml', 'a/d.yaml'],
    ['a/b/c.yaml', './d.yaml', 'a/b/d.yaml'],
    ['a/b/c.yaml', '../../../d.yaml', '../d.yaml'],
    ['../c.yaml', '../d.yaml', '../../d.yaml'],
    ['c.yaml', 'x/./y/../d.yaml', 'x/d.yaml'],
    ['/etc/c.yaml', '../d.yaml', '/d.yaml'],
    ['a/c.yaml', '/etc/d.yaml', '/etc/d.yaml'],
    ['a\\c.yaml', 'd.yaml', 'a/d.yaml'],
    ['a/c.yaml', 'C:\\d.yaml', 'C:\\d.yaml'],
    ['a/c.yaml', '"d e.yaml"', 'a/d e.yaml'],
  ])('of %s that extends %s lies over %s', (path, said, expected) => {
    expect(found({ [path]: extending(said), [expected]: DEFAULT }, path)).toEqual([expected, path])
  })
})

describe('a layer that cannot be read', () => {
  it('is told with the reason, where its name stands', () => {
    const read = (path: string) => (path === 'b.yaml' ? { why: 'EACCES' } : extending('b.yaml'))
    const told = 'the file `b.yaml` cannot be read (EACCES). Name another, or let the user of the bridge read it.'
    const said = (path: string) => findLayers(path, read).diagnostics.map((one) => formatDiagnostic(one))
    expect(said('a.yaml')).toEqual([`a.yaml:2:10: extends: ${told}`])
    expect(said('b.yaml')).toEqual([`b.yaml:1:1: extends: ${told}`])
  })

  it('is no other than one that the disk refuses', () => {
    const path = `${'a'.repeat(300)}.yaml`
    expect(readLayers(path).diagnostics.map(({ message }) => message)).toEqual([
      expect.stringMatching(/cannot be read \(ENAMETOOLONG\)/),
    ])
  })
})

describe('a layer that leads nowhere', () => {
  it.each<readonly [string, Readonly<Record<string, string>>, readonly string[]]>([
    [
      'is not there',
      {},
      ['a.yaml:1:1: extends: there is no such file. The setting MAPPING, or --mapping, takes the path of a layer.'],
    ],
    [
      'names a file that is not there',
      { 'a.yaml': extending('b/c.yaml') },
      [
        "a.yaml:2:10: extends: there is no file `b/c.yaml`. `extends` names `default` or a file, its path beginning at this file's folder.",
      ],
    ],
    [
      'misspells default',
      { 'a.yaml': extending('defualt') },
      [
        "a.yaml:2:10: extends: there is no file `defualt`. `extends` names `default` or a file, its path beginning at this file's folder. Did you mean `default`?",
      ],
    ],
    [
      'does not say what it extends',
      { 'a.yaml': '# Mine.\nsettings: {}\n' },
      [
        'a.yaml:2:1: extends: a layer says what it changes: write `extends: default`, or the path of another layer, in its first line',
      ],
    ],
    [
      'lies over one that does not say what it extends',
      { 'a.yaml': extending('b.yaml'), 'b.yaml': 'settings: {}\n' },
      [
        'b.yaml:1:1: extends: a layer says what it changes: write `extends: default`, or the path of another layer, in its first line',
      ],
    ],
    ['extends nothing', { 'a.yaml': 'extends:\n' }, ['a.yaml:1:9: shape: `extends` is plain text, found nothing']],
    [
      'extends several',
      { 'a.yaml': 'extends: [b, c]\n' },
      ['a.yaml:1:10: shape: `extends` is plain text, found a list'],
    ],
    [
      'extends itself',
      { 'a.yaml': extending('a.yaml') },
      ['a.yaml:2:10: cycle: `a.yaml` extends `a.yaml`. The lowest layer extends `default`.'],
    ],
    [
      'goes round through others',
      { 'a.yaml': extending('x/b.yaml'), 'x/b.yaml': extending('c.yaml'), 'x/c.yaml': extending('./b.yaml') },
      ['x/c.yaml:2:10: cycle: `x/b.yaml` extends `x/c.yaml` extends `x/b.yaml`. The lowest layer extends `default`.'],
    ],
    [
      'cannot be read',
      { 'a.yaml': extending('b.yaml'), 'b.yaml': 'extends: "default\n' },
      ['b.yaml:2:1: yaml: a quote that was opened above is not closed'],
    ],
  ])('because it %s', (_, files, expected) => {
    expect(found(files, 'a.yaml')).toEqual(expected)
  })

  it('because there are too many', () => {
    const files = Object.fromEntries(Array.from({ length: 20 }, (_, at) => [`${at}`, extending(`${at + 1}`)]))
    expect(found(files, '0')).toEqual([
      '9:2:10: extends: there are more than 10 layers over each other. Put some of them together.',
    ])
  })

  it('is refused with its line printed', () => {
    const layers = findLayers('a.yaml', (path) => (path === 'a.yaml' ? extending('b.yaml') : undefined))
    expect(() => loadMapping(readMappingFiles(), layers)).toThrow(
      /a\.yaml:2:10: extends: [^\n]*\n {4}extends: b\.yaml\n {13}\^/,
    )
  })
})

describe('the examples of layers', () => {
  const state = `extends: default
entities:
  orgs:
    school:
      fields: { identifier: =text(school_number + 1) }
      examples:
        - { it: counts on, row: { id: 3, name: Oak, school_number: 103 }, gives: { identifier: "104" } }
`
  const district = (expected: string) => `extends: state.yaml
entities:
  orgs:
    school:
      fields: { identifier: ="S" & inherited }
      examples:
        - { it: puts an S before it, row: { id: 3, name: Oak, school_number: 103 }, gives: { identifier: ${expected} } }
`
  const tested = (expected: string) => {
    const files: Record<string, string> = { 'state.yaml': state, 'district.yaml': district(expected) }
    return testFiles(
      readMappingFiles(),
      findLayers('district.yaml', (path) => files[path]),
    )
  }

  it('are each run against the layer that wrote them, those of the default mapping too', () => {
    const { examples, diagnostics } = tested('S104')
    expect(diagnostics).toEqual([])
    expect(examples.filter(({ ok }) => !ok)).toEqual([])
    expect(
      examples.filter(({ rule }) => rule === 'orgs.school').map(({ file, it: name }) => `${file}: ${name}`),
    ).toEqual([
      'mappings/orgs.yaml: points a school at the district',
      'mappings/orgs.yaml: has no parent while the district is not known',
      'mappings/orgs.yaml: leaves out the school of graduated students',
      'mappings/orgs.yaml: leaves out a school that the district has not chosen',
      'state.yaml: counts on',
      'district.yaml: puts an S before it',
    ])
  })

  it('that fail say so with their line', () => {
    expect(tested('S103').examples.filter(({ ok }) => !ok)).toMatchObject([
      { file: 'district.yaml', line: 7, differences: ['identifier: expected "S103", got "S104"'] },
    ])
  })
})
