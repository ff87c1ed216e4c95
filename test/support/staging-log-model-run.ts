import assert from 'node:assert/strict';
import { LocalLogReader } from '../../src/staging-log/read/local-log-reader.js';
import { stagingDirectory } from '../../src/staging-log/files/log-layout.js';
import type { RetentionAction } from '../../src/staging-log/log-retention.port.js';
import { DirectoryView } from '../../src/staging-log/read/log-view.js';
import type { Offset } from '../../src/staging-log/staging-log.port.js';
import {
  recordOf,
  type Bounds,
  type Command,
  type Scenario,
  type Trouble,
} from './staging-log-model-commands.js';
import {
  judgeAnswers,
  takeSurvivors,
  type Answer,
  type UnsureRecord,
} from './staging-log-model-answers.js';
import { compareProof, compareRead } from './staging-log-model-reads.js';
import { followStart, retireOldest } from './staging-log-model-retire.js';
import { ModelWorld, type Ground } from './staging-log-model-world.js';
import { LogModel, type StoredRecord } from './staging-log-model.js';
import { appendAsLines } from './staging-log-lines.js';
import { readLines } from './staging-log-reading.js';

type AppendCommand = Extract<Command, { kind: 'append' }>;

/** Performs a scenario on a log and on its model, and compares them after each command. */
export class ModelRun {
  private readonly world: ModelWorld;
  private readonly model = new LogModel();
  private bounds: Bounds;
  private unsure: readonly UnsureRecord[] = [];
  private loaded: Offset | null = null;
  private beside: LocalLogReader | null = null;
  private identity: string | null = null;
  private numbers = 0;
  /** Whether calls failed at the last start: a segment may be without all of its checksums for a while. */
  private mayLackSums = false;

  constructor(
    private readonly ground: Ground,
    private readonly scenario: Scenario,
  ) {
    this.world = new ModelWorld(ground, scenario.pace);
    this.bounds = scenario.bounds;
  }

  /** @throws when the log is not what it should be. */
  async run(): Promise<void> {
    try {
      await this.open();
      for (const command of this.scenario.commands) await this.perform(command);
      await this.world.repair();
      this.unsure = [];
      await this.reopen(this.bounds, null);
    } finally {
      await this.world.leave();
    }
  }

  private async perform(command: Command): Promise<void> {
    const { world, model } = this;
    switch (command.kind) {
      case 'append':
        return this.append(command);
      case 'reopen':
        return this.reopen(command.bounds, command.trouble);
      case 'wait':
        model.now += command.seconds * 1000;
        return world.passTimers(Math.min(3_000, command.seconds * 1000));
      case 'read':
        return world.undisturbed(() => compareRead(model, world.log, command));
      case 'read-beside':
        return world.undisturbed(async () => compareRead(model, await this.openBeside(), command));
      case 'prove':
        return world.undisturbed(() => compareProof(model, world.log, command.at));
      case 'note-loaded':
        this.noteLoaded(model.indexOf(command.at));
        return;
      case 'retire':
        return this.retire(command.action, command.trouble);
      case 'repair':
        await world.repair();
        this.unsure = [];
        return;
      default:
        return command satisfies never;
    }
  }

  private async append({ calls, asLines, trouble }: AppendCommand): Promise<void> {
    const { world } = this;
    const batches = calls.map((plans) => plans.map((plan) => recordOf(plan, this.numbers++)));
    const before = world.log.health();
    const isFull = this.isBacklogFull();
    if (before.kind === 'accepting' || !world.isBroken) {
      assert.equal(before.kind === 'refusing', isFull, 'the log refuses without a reason');
    }
    world.begins(trouble);
    const answers = await Promise.all(
      batches.map(async (records, index): Promise<Answer> => {
        const result = await (asLines[index] === true
          ? appendAsLines(world.log, records)
          : world.log.append(records));
        return { records, result, isLost: world.isDead };
      }),
    );
    const mayRefuse = before.kind === 'refusing' || world.isBroken;
    const { appended, unsure } = judgeAnswers(this.model, answers, mayRefuse);
    if (before.kind === 'accepting' && (world.isDead || world.cannotHeal)) this.unsure = unsure;
    if (await world.ends(trouble)) {
      this.model.records.push(...appended);
      return this.open();
    }
    if (!world.isBroken) this.unsure = [];
    await world.undisturbed(() => this.assertAppended(appended));
  }

  /** Nothing is in the log but what was there, and this. */
  private async assertAppended(appended: readonly StoredRecord[]): Promise<void> {
    const { log } = this.world;
    const lines = await readLines(log, this.model.offsetAt(this.model.records.length));
    const texts = lines.map(({ text }) => text);
    assert.deepEqual(
      texts,
      appended.map(({ text }) => text),
      'what was appended is read back',
    );
    this.model.records.push(...appended);
    this.model.offsets.push(...lines.map(({ next }) => next));
    assert.equal(log.endOffset(), this.model.offsets.at(-1), 'the end');
    assert.equal(log.size().bytes, log.endOffset() - log.startOffset(), 'the size');
  }

  private noteLoaded(index: number): void {
    this.loaded = this.model.offsetAt(index);
    this.world.log.noteLoaded(this.loaded);
  }

  private async retire(action: RetentionAction, trouble: Trouble | null): Promise<void> {
    const { world, model } = this;
    this.noteLoaded(model.records.length);
    const { loaded } = this;
    world.begins(trouble);
    await retireOldest(model, world.log.retention, { action, loaded }).catch((error: unknown) => {
      const isFailure = !(error instanceof assert.AssertionError);
      const isToStay = this.mayLackSums && /checksums .* are not all there/.test(String(error));
      const isExpected = isFailure && (world.isDead || world.isBroken || isToStay);
      if (!isExpected) throw error;
    });
    if (await world.ends(trouble)) return this.open();
    followStart(model, world.log.startOffset(), false);
  }

  private async reopen(bounds: Bounds, trouble: Trouble | null): Promise<void> {
    const { world } = this;
    await this.beside?.close();
    this.beside = null;
    world.begins(trouble);
    this.mayLackSums = world.isBroken;
    await world.close();
    this.bounds = bounds;
    let opened = false;
    if (!world.isDead) {
      opened = await world.open(this.openOptions()).then(
        () => true,
        (error: unknown) => {
          if (world.isDead || world.isBroken) return false;
          throw error;
        },
      );
    }
    if ((await world.ends(trouble)) || !opened) {
      world.mend();
      return this.open();
    }
    return this.verifyOpened();
  }

  /** Opens the log, which must be possible, after a death or for the first time. */
  private async open(): Promise<void> {
    this.beside = null;
    await this.world.open(this.openOptions());
    await this.verifyOpened();
  }

  /** All that was acknowledged is there, and of what is unsure nothing but the beginning, in order. */
  private async verifyOpened(): Promise<void> {
    const { model, world } = this;
    model.process += 1;
    model.window = {
      idsMax: this.bounds.dedupeIdsMax,
      seconds: this.bounds.dedupeWindowSeconds,
    };
    this.loaded = null;
    this.identity ??= world.log.identity;
    assert.equal(world.log.identity, this.identity, 'the identity stays');
    const lines = await world.undisturbed(() => readLines(world.log, world.log.startOffset()));
    followStart(model, world.log.startOffset(), true);
    const known = model.records.slice(model.start).map(({ text }) => text);
    const found = lines.map(({ text }) => text);
    assert.deepEqual(found.slice(0, known.length), known, 'what was acknowledged is there');
    model.records.push(...takeSurvivors(this.unsure, found.slice(known.length)));
    this.unsure = [];
    const offsets = [world.log.startOffset(), ...lines.map(({ next }) => next)];
    const before = model.offsets.slice(model.start);
    assert.deepEqual(offsets.slice(0, before.length), before, 'offsets stay');
    model.offsets.splice(model.start, Infinity, ...offsets);
    assert.equal(world.log.endOffset(), offsets.at(-1), 'the end after opening');
    assert.equal(await world.fileEnd(), offsets.at(-1), 'nothing stands behind the end');
  }

  /** A reader such as tools have, which stays open as long as the log. */
  private async openBeside(): Promise<LocalLogReader> {
    const { files, log } = this.world;
    const directory = stagingDirectory(this.ground.dataDir);
    const { identity } = log;
    this.beside ??= new LocalLogReader(
      files,
      await DirectoryView.open(files, { directory, identity }, () => log.endOffset()),
    );
    return this.beside;
  }

  private openOptions(): Parameters<ModelWorld['open']>[0] {
    const { model } = this;
    const now = (): number => model.now;
    const wide = { appendQueueBytesMax: 64 * 1024 * 1024, diskFreeBytesMin: 0 };
    return { ...this.bounds, ...wide, now, elapsed: () => model.now };
  }

  private isBacklogFull(): boolean {
    const { backlogBytesMax } = this.bounds;
    const waiting =
      this.loaded === null ? 0 : this.model.offsetAt(this.model.records.length) - this.loaded;
    return backlogBytesMax > 0 && waiting > backlogBytesMax;
  }
}
