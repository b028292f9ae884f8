// Speech, hearing and films by the official OpenAI SDK for Node.js against a started Nexhina.
// Run by tests/contract/test_sdk_node.py, which gives the address, the key and the model names.
import assert from "node:assert/strict";
import { test } from "node:test";
import OpenAI, { toFile } from "openai";

const { NEXHINA_BASE_URL, NEXHINA_KEY, SPEECH, HEARING, VIDEO } = process.env;
const client = new OpenAI({
  baseURL: NEXHINA_BASE_URL, apiKey: NEXHINA_KEY, maxRetries: 0, timeout: 60_000,
});
const said = { model: SPEECH, voice: "alloy", input: "The quick brown fox jumps over the lazy dog." };
const bytes = async (answer) => Buffer.from(await answer.arrayBuffer());
const spoken = await bytes(await client.audio.speech.create({ ...said, response_format: "wav" }));
const file = () => toFile(spoken, "fox.wav", { type: "audio/wav" });
const isHeard = (text) => assert.match(text.toLowerCase(), /quick brown/);

test("speech is sound, and comes as events", async () => {
  assert.equal(spoken.subarray(0, 4).toString(), "RIFF");
  const answer = await client.audio.speech.create({ ...said, stream_format: "sse" });
  const text = await answer.text();
  assert.match(text, /speech\.audio\.delta/);
  assert.match(text, /speech\.audio\.done/);
});

test("what was spoken is heard, whole, as subtitles and streamed", async () => {
  const whole = await client.audio.transcriptions.create({ model: HEARING, file: await file() });
  isHeard(whole.text);
  const srt = await client.audio.transcriptions.create({
    model: HEARING, file: await file(), response_format: "srt",
  });
  assert.match(srt, /^1\n00:00:\d\d,\d{3} --> /);
  const events = [];
  for await (const event of await client.audio.transcriptions.create({
    model: HEARING, file: await file(), stream: true,
  })) events.push(event);
  assert.equal(events.at(-1).type, "transcript.text.done");
  isHeard(events.at(-1).text);
});

test("what was spoken is translated", async () => {
  isHeard((await client.audio.translations.create({ model: HEARING, file: await file() })).text);
});

async function finish(film) {
  while (["queued", "in_progress"].includes(film.status)) {
    await new Promise((resolve) => setTimeout(resolve, 100));
    film = await client.videos.retrieve(film.id);
  }
  assert.equal(film.status, "completed", JSON.stringify(film.error));
  return film;
}

test("a film is made, found, downloaded, made anew and deleted", async () => {
  const wish = { model: VIDEO, prompt: "A red kite", size: "320x240", seconds: "1" };
  const film = await finish(await client.videos.create(wish));
  assert.ok((await client.videos.list({ limit: 5 })).data.some((each) => each.id === film.id));
  const data = await bytes(await client.videos.downloadContent(film.id));
  assert.equal(data.subarray(4, 8).toString(), "ftyp");
  const thumbnail = await client.videos.downloadContent(film.id, { variant: "thumbnail" });
  const first = await toFile(thumbnail, "first.webp", { type: "image/webp" });
  const others = [
    await client.videos.remix(film.id, { prompt: "A blue kite" }),
    await client.videos.create({ ...wish, input_reference: first }),
  ];
  assert.equal(others[0].remixed_from_video_id, film.id);
  for (const other of others) {
    const made = await finish(other);
    assert.notDeepEqual(await bytes(await client.videos.downloadContent(made.id)), data);
    await client.videos.delete(made.id);
  }
  assert.equal((await client.videos.delete(film.id)).deleted, true);
  await assert.rejects(client.videos.retrieve(film.id), OpenAI.NotFoundError);
});
