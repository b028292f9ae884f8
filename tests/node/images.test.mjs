// Images edited, varied and streamed by the official OpenAI SDK for Node.js against a started Nexhina.
// Run by tests/contract/test_sdk_node.py, which gives the address, the key and the model names.
import assert from "node:assert/strict";
import { test } from "node:test";
import OpenAI, { toFile } from "openai";

const { NEXHINA_BASE_URL, NEXHINA_KEY, IMAGE } = process.env;
const client = new OpenAI({
  baseURL: NEXHINA_BASE_URL, apiKey: NEXHINA_KEY, maxRetries: 0, timeout: 30_000,
});
const pngSize = (data) => {
  assert.equal(data.subarray(1, 4).toString(), "PNG");
  return [data.readUInt32BE(16), data.readUInt32BE(20)];
};
const draw = async (size) => {
  const answer = await client.images.generate({
    model: IMAGE, prompt: "A lighthouse", size, response_format: "b64_json",
  });
  return Buffer.from(answer.data[0].b64_json, "base64");
};
const picture = await draw("256x256");
const file = () => toFile(picture, "lighthouse.png", { type: "image/png" });

test("an image is edited, alone and among others, and told in the answer", async () => {
  for (const image of [await file(), [await file(), await file()]]) {
    const answer = await client.images.edit({
      model: IMAGE, prompt: "A lighthouse at night", image, response_format: "b64_json",
    });
    assert.deepEqual(pngSize(Buffer.from(answer.data[0].b64_json, "base64")), [256, 256]);
    assert.equal(answer.size, "256x256");
    assert.ok(answer.usage.total_tokens >= 0);
  }
});

test("an image is varied", async () => {
  const answer = await client.images.createVariation({
    model: IMAGE, image: await file(), n: 2, response_format: "b64_json",
  });
  assert.equal(answer.data.length, 2);
  assert.notEqual(answer.data[0].b64_json, answer.data[1].b64_json);
});

for (const [name, begin] of [
  ["image_generation", async (more) => client.images.generate({ model: IMAGE, prompt: "A lake", ...more })],
  ["image_edit", async (more) =>
    client.images.edit({ model: IMAGE, prompt: "A lake", image: await file(), ...more })],
]) {
  test(`${name} streams its partial pictures and then the whole one`, async () => {
    const types = [];
    for await (const event of await begin({ stream: true, partial_images: 2, size: "256x256" })) {
      types.push(event.type);
      assert.ok(event.b64_json.length > 100);
    }
    assert.equal(types.at(-1), `${name}.completed`);
    assert.ok(types.slice(0, -1).every((type) => type === `${name}.partial_image`));
    assert.ok(types.length > 1);
  });
}

test("what is no picture is refused with its field", async () => {
  await assert.rejects(
    client.images.edit({
      model: IMAGE, prompt: "x", image: await toFile(Buffer.from("hello"), "a.png"),
    }),
    (error) => error instanceof OpenAI.BadRequestError && error.param === "image",
  );
});
