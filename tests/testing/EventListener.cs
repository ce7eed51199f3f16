using System.Collections.Concurrent;
using System.Text.Json;
using DaprShop.Common;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;

namespace DaprShop.Testing;

/// <summary>An app that subscribes to topics and keeps what it hears.</summary>
internal sealed class EventListener(IReadOnlyCollection<string> topics)
{
    public const string AppId = "listener";

    private static readonly JsonSerializerOptions s_json = ShopDefaults.CreateJsonOptions();

    private readonly ConcurrentDictionary<string, ConcurrentQueue<JsonElement>> _heard = new();

    public void Map(WebApplication app)
    {
        foreach (var topic in topics)
        {
            app.MapPost($"/heard/{topic}", (JsonElement data) =>
            {
                _heard.GetOrAdd(topic, _ => new()).Enqueue(data.Clone());
                return Results.Ok();
            }).WithTopic("pubsub", topic);
        }
    }

    public IReadOnlyList<T> Heard<T>(string topic) => topics.Contains(topic)
        ? [.. _heard.GetValueOrDefault(topic, []).Select(data => data.Deserialize<T>(s_json)!)]
        : throw new ArgumentException($"The test does not listen to '{topic}'.", nameof(topic));
}
