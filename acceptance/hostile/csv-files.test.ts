import { beforeAll, describe, expect, it } from 'vitest';
import { mustSucceed } from '../helpers/api.js';
import {
  createTable,
  exportAndDownload,
  importContent,
  rowsOf,
  type Content,
  type ImportRequest,
} from '../helpers/storage.js';
import { useServer } from '../helpers/use-server.js';
import { createWitness, expectNoServerError, expectRefused, type Witness } from '../helpers/witness.js';

const server = useServer();
let witness: Witness;

beforeAll(async () => {
  witness = await createWitness(server.admin);
});

const utf16 = (text: string) => Buffer.from(`\uFEFF${text}`, 'utf16le');

/** Well-formed corners of CSV, in the spirit of the csv-spectrum collection: header, content, expected rows. */
const SPECTRUM: readonly (readonly [string, string, string[][]])[] = [
  [
    'comma in quotes',
    'first,last,address\nJohn,Doe,"120 any st., Anytown"\n',
    [['John', 'Doe', '120 any st., Anytown']],
  ],
  [
    'empty quoted and plain',
    'a,b,c\n1,"",x\n2,3,4\n',
    [
      ['1', '', 'x'],
      ['2', '3', '4'],
    ],
  ],
  [
    'escaped quotes',
    'a,b\n1,"ha ""ha"" ha"\n3,4\n',
    [
      ['1', 'ha "ha" ha'],
      ['3', '4'],
    ],
  ],
  [
    'json in a field',
    'key,val\n1,"{""type"": ""Point"", ""xy"": [1.0, 2.0]}"\n',
    [['1', '{"type": "Point", "xy": [1.0, 2.0]}']],
  ],
  [
    'newlines',
    'a,b,c\n1,2,3\n"Once upon \na time",5,6\n7,8,9\n',
    [
      ['1', '2', '3'],
      ['Once upon \na time', '5', '6'],
      ['7', '8', '9'],
    ],
  ],
  [
    'newlines, CR LF',
    'a,b\r\n1,"x\r\ny"\r\n2,z\r\n',
    [
      ['1', 'x\r\ny'],
      ['2', 'z'],
    ],
  ],
  [
    'quotes and newlines',
    'a,b\n1,"ha \n""ha"" \nha"\n3,4\n',
    [
      ['1', 'ha \n"ha" \nha'],
      ['3', '4'],
    ],
  ],
  ['simple', 'a,b,c\n1,2,3\n', [['1', '2', '3']]],
  ['simple, CR LF', 'a,b,c\r\n1,2,3\r\n', [['1', '2', '3']]],
  [
    'utf-8',
    'a,b\n1,ʤ\n2,日本\n',
    [
      ['1', 'ʤ'],
      ['2', '日本'],
    ],
  ],
  ['blanks around fields', 'a,b\n 1 , x \n', [[' 1 ', ' x ']]],
];

describe('files that look odd but are right', () => {
  it.each(SPECTRUM)('%s', async (name, content, rows) => {
    const header = content.split(/\r?\n/)[0]?.split(',') ?? [];
    const table = await createTable(
      witness.project,
      witness.bucket,
      Object.fromEntries(header.map((column) => [column, 'VARCHAR'])),
    );
    mustSucceed(await importContent(table, content, { csv_options: { null_string: '\\N' } }));
    expect(await rowsOf(table)).toEqual(rows);

    const { bytes } = await exportAndDownload(table);
    mustSucceed(await importContent(table, bytes, { csv_options: { null_string: '\\N' } }));
    expect(await rowsOf(table)).toEqual(rows);
  });
});

/** Content for a table of `id INTEGER, name VARCHAR` that cannot be loaded as it stands. */
const BAD: readonly (readonly [name: string, content: Content, request?: ImportRequest])[] = [
  ['nothing', ''],
  ['a newline', '\n'],
  ['newlines', '\n\n\n\n'],
  ['blanks', '   '],
  ['only a BOM', '\uFEFF'],
  ['only a quote', '"'],
  ['only a delimiter', ','],
  ['a NUL', '\0'],
  ['NULs', Buffer.alloc(100_000)],
  ['a missing closing quote', 'id,name\n1,"a\n2,b\n'],
  ['a missing closing quote in the header', '"id,name\n1,a\n'],
  ['text after a closing quote', 'id,name\n1,"a"b\n'],
  ['a quote in the middle that opens', 'id,name\n1,a"b\n2,"c\n'],
  ['rows too short', 'id,name\n1\n2\n'],
  ['rows too long', 'id,name\n1,a,b,c\n'],
  ['rows of growing length', 'id,name\n1\n1,2\n1,2,3\n1,2,3,4\n'],
  ['another delimiter than given', 'id;name\n1;a\n', { csv_options: { delimiter: ',' } }],
  ['text for a number', 'id,name\none,a\n'],
  ['a number too large', `id,name\n${'9'.repeat(400)},a\n`],
  ['invalid UTF-8 in a value', Buffer.concat([Buffer.from('id,name\n1,'), Buffer.from([0xc3, 0x28, 0x0a])])],
  ['invalid UTF-8 in the header', Buffer.concat([Buffer.from('id,na'), Buffer.from([0xff]), Buffer.from('me\n1,a\n')])],
  ['overlong UTF-8', Buffer.concat([Buffer.from('id,name\n1,'), Buffer.from([0xc0, 0xaf, 0x0a])])],
  ['a UTF-8 surrogate', Buffer.concat([Buffer.from('id,name\n1,'), Buffer.from([0xed, 0xa0, 0x80, 0x0a])])],
  ['UTF-32', Buffer.from([0xff, 0xfe, 0, 0, 0x69, 0, 0, 0, 0x64, 0, 0, 0])],
  ['UTF-8 declared as UTF-16', 'id,name\n1,a\n2,', { csv_options: { encoding: 'utf-16' } }],
  ['JSON', '[{"id":1,"name":"a"}]'],
  ['HTML', '<html><body>\n<p>not,a,table</p></body></html>\n'],
  ['a ZIP', Buffer.from('504b0304140000000800', 'hex')],
  ['an executable', Buffer.concat([Buffer.from('\x7fELF\x02\x01\x01', 'latin1'), Buffer.alloc(5000, 7)])],
  ['zstd', Buffer.from('28b52ffd0458', 'hex')],
  ['bzip2', Buffer.from('425a6839314159265359', 'hex')],
  ['the same column 50 times', `${Array.from({ length: 50 }, () => 'id').join(',')}\n`],
  ['a header of 100,000 columns', `${Array.from({ length: 100_000 }, (_, n) => `c${n}`).join(',')}\n`],
  ['a row of 100,000 fields', `id,name\n${'1,'.repeat(100_000)}\n`],
  ['a line of 10 MB without end', `id,name\n${'x'.repeat(10 << 20)}`],
  ['a header of 10 MB', `${'x'.repeat(10 << 20)},name\n1,a\n`],
  ['a line of 40 MB', `id,name\n1,${'x'.repeat(40 << 20)}`],
  ['an unclosed quote of 20 MB', `id,name\n1,"${'x\n'.repeat(10 << 20)}`],
];

describe('files that are wrong', () => {
  it.each(BAD.map(([name, content, request]) => ({ name, content, request })))(
    '$name',
    async ({ name, content, request }) => {
      const answer = await importContent(witness.table, content, request);
      // Each case starts from an untouched witness, whatever became of the one before.
      if (answer.status === 200) witness = await createWitness(server.admin);
      expectRefused(answer, name);
      expect(answer.text).not.toContain(server.process.dataDir);
      await witness.mustBeUntouched();
    },
  );

  it('UTF-16 is recognised by its mark, with a warning', async () => {
    const table = await createTable(witness.project, witness.bucket, { id: 'INTEGER', name: 'VARCHAR' });
    const report = mustSucceed(await importContent(table, utf16('id,name\n1,ž\n')));
    expect(report.warnings.join()).toContain('utf-16');
    expect(await rowsOf(table)).toEqual([[1, 'ž']]);
  });

  it('a value of 10 MB is not wrong', async () => {
    const table = await createTable(witness.project, witness.bucket, { id: 'INTEGER', name: 'VARCHAR' });
    mustSucceed(await importContent(table, `id,name\n1,"${'x'.repeat(10 << 20)}"\n2,b\n`));
    const [first] = await rowsOf(table);
    expect(String(first?.[1])).toHaveLength(10 << 20);
  });
});

describe('odd options', () => {
  const options: readonly unknown[] = [
    { delimiter: '' },
    { delimiter: ',,,,,' },
    { delimiter: '\n' },
    { delimiter: '\0' },
    { delimiter: '"' },
    { delimiter: '🦆' },
    { delimiter: "'; DROP TABLE data; --" },
    { quote: '' },
    { quote: ',' },
    { quote: '""' },
    { quote: '🦆' },
    { quote: '\n' },
    { escape: '' },
    { escape: '\\\\' },
    { escape: ',' },
    { escape: 'a' },
    { quote: "'", escape: '"' },
    { null_string: ',' },
    { null_string: '"' },
    { null_string: 'x'.repeat(10_000) },
    { null_string: '\0' },
    { null_string: "'" },
    { encoding: 'utf-7' },
    { encoding: '../../etc/passwd' },
    { header: 'perhaps' },
    { delimiter: 5 },
    'text',
    [],
    { unknown: true, delimiter: ',' },
  ];

  it.each(options.map((option) => [JSON.stringify(option).slice(0, 60), option] as const))(
    '%s is accepted or refused, never a 5xx',
    async (name, csvOptions) => {
      const table = await createTable(witness.project, witness.bucket, { id: 'INTEGER', name: 'VARCHAR' });
      mustSucceed(await importContent(table, 'id,name\n1,a\n'));
      const answer = await importContent(table, 'id,name\n1,a\n', { csv_options: csvOptions });
      expectNoServerError(answer, name);
      expect(await rowsOf(table), 'the rows are right or unchanged').toEqual([[1, 'a']]);
    },
  );

  it.each([
    { columns: [] },
    { columns: ['id', 'id'] },
    { columns: ['ID', 'id'] },
    { columns: [''] },
    { columns: ['id; DROP TABLE data'] },
    { columns: ['"'] },
    { columns: Array.from({ length: 10_000 }, (_, n) => `c${n}`) },
    { dedup_mode: "x'; --" },
    { max_bad_rows: 1e300 },
    { max_bad_rows: 9007199254740993 },
    { on_error: 'skip', max_bad_rows: 0 },
  ])('import options %# are accepted or refused, never a 5xx', async (importOptions) => {
    const table = await createTable(witness.project, witness.bucket, { id: 'INTEGER', name: 'VARCHAR' });
    mustSucceed(await importContent(table, 'id,name\n1,a\n'));
    const answer = await importContent(table, 'id,name\n1,a\n', { import_options: importOptions });
    expectNoServerError(answer, JSON.stringify(importOptions).slice(0, 100));
    expect(await rowsOf(table)).toHaveLength(1);
  });
});
