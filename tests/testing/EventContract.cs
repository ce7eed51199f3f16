using System.Collections.Concurrent;
using NJsonSchema;

namespace DaprShop.Testing;

/// <summary>The JSON Schemas of contracts/events.</summary>
public static class EventContract
{
    private static readonly ConcurrentDictionary<string, Task<JsonSchema>> s_schemas = new();

    /// <summary>What is told on a topic.</summary>
    /// <exception cref="FileNotFoundException">There is no such topic.</exception>
    public static Task<JsonSchema> SchemaOf(string topic) => s_schemas.GetOrAdd(topic, Read);

    private static Task<JsonSchema> Read(string topic) =>
        JsonSchema.FromFileAsync(Path.Combine(Repository.Root, "contracts", "events", topic + ".schema.json"));
}
