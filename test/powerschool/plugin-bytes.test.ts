// The plugin as bytes: the same from the same files, and found again in a file that is there.
import { strToU8, unzipSync, zipSync } from 'fflate'
import { describe, expect, it } from 'vitest'
import { type PluginFile, pluginFiles } from '../../src/powerschool/plugin.ts'
import { packPlugin, readPlugin } from '../../src/powerschool/plugin-bytes.ts'

const FILES: readonly PluginFile[] = [
  ...pluginFiles(
    { name: `R&D "Größe" <1>`, publisher: 'P', email: 'it@example.org', prefix: 'a.b.c.d', queries: [], columns: [] },
    '2026.0517.043200',
  ),
  { path: 'queries_root/a.b.c.d.named_queries.xml', text: '<queries/>\n' },
]

const sha = async (bytes: Uint8Array<ArrayBuffer>) =>
  Buffer.from(await crypto.subtle.digest('SHA-256', bytes)).toString('hex')

describe('a packed plugin', () => {
  it('holds the files, the manifest at the root', () => {
    const entries = Object.entries(unzipSync(packPlugin(FILES, 'zip')))
    expect(entries.map(([path, bytes]) => ({ path, text: new TextDecoder().decode(bytes) }))).toEqual(FILES)
  })

  it('is the same in every time zone and at every time', async () => {
    const zone = process.env.TZ
    const digests = new Set<string>()
    for (const name of ['UTC', 'America/Los_Angeles', 'Pacific/Kiritimati', 'Asia/Kathmandu']) {
      process.env.TZ = name
      digests.add(await sha(Uint8Array.from(packPlugin(FILES, 'zip'))))
    }
    if (zone === undefined) delete process.env.TZ
    else process.env.TZ = zone
    expect(digests.size).toBe(1)
  })

  it('is the text of the manifest alone as xml', () => {
    expect(new TextDecoder().decode(packPlugin(FILES, 'xml'))).toBe(FILES[0]?.text)
  })
})

describe('a file that is there', () => {
  const ours = { name: `R&D "Größe" <1>`, version: '2026.0517.043200' }
  const manifest = FILES[0]?.text ?? ''

  it.each(['zip', 'xml'] as const)('is known as a plugin by its %s', (form) => {
    expect(readPlugin(packPlugin(FILES, form))).toEqual(ours)
  })

  it.each([
    ['in single quotes', manifest.replace('version="2026.0517.043200"', "version='2026.0517.043200'"), ours],
    ['after a comment with another', `<!-- <plugin name="x"> -->\n${manifest}`, ours],
    ['after a mark of byte order', `\ufeff${manifest}`, ours],
    ['without a version', manifest.replace('version="2026.0517.043200"', ''), { ...ours, version: '' }],
    ['with a numeric reference', manifest.replace('&amp;', '&#38;').replace('&lt;', '&#x3C;'), ours],
  ])('is known %s', (_, text, expected) => {
    expect(readPlugin(strToU8(text))).toEqual(expected)
  })

  it.each([
    ['nothing', new Uint8Array()],
    ['a text', strToU8('name,version\n')],
    ['another XML', strToU8('<plugin name="x" version="1"/>')],
    ['another namespace', strToU8(manifest.replace('plugin.powerschool.pearson.com"', 'example.org"'))],
    ['an unclosed comment', strToU8(`<!-- ${manifest.replace('-->', '')}`)],
    ['another zip', zipSync({ 'readme.txt': strToU8('hello') })],
    ['a zip with the manifest in a folder', zipSync({ 'plugin/plugin.xml': strToU8(manifest) })],
    ['half a zip', packPlugin(FILES, 'zip').subarray(0, 200)],
    ['the beginning of a zip', Uint8Array.of(0x50, 0x4b, 3, 4)],
  ])('is no plugin when it holds %s', (_, bytes) => {
    expect(readPlugin(bytes)).toBeUndefined()
  })

  it('is read in no time, whatever it holds', () => {
    const random = strToU8(`<plugin ${'a="" '.repeat(200_000)}`)
    expect(readPlugin(random)).toBeUndefined()
    expect(readPlugin(strToU8(`<plugin${' x'.repeat(200_000)}`))).toBeUndefined()
    expect(readPlugin(strToU8('<plugin '.repeat(100_000)))).toBeUndefined()
    expect(readPlugin(strToU8('<!--'.repeat(200_000)))).toBeUndefined()
  })
})
