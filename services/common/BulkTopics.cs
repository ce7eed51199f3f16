using System.Text.Json;
using Dapr;
using Dapr.AspNetCore;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Http.Json;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace DaprShop.Common;

/// <summary>
/// Subscriptions that take many events in one delivery (Dapr bulk subscribe), for effects that are cheaper together. What cannot be taken
/// is noted (<see cref="DeliveryFailures"/>), so that a dead letter can say why it is one.
/// </summary>
public static class BulkTopics
{
    private const int MaxEvents = 100;

    /// <summary>Subscribes to <paramref name="topic"/> at <c>POST /events/{topic}</c>, with the service's dead-letter topic.</summary>
    /// <param name="app">The service.</param>
    /// <param name="topic">One of the contracts' topics.</param>
    /// <param name="patience">How long the sidecar gathers events.</param>
    /// <param name="handle">
    /// Takes the events in effect and answers those to be delivered again. An event that cannot be read, or makes this throw, is delivered
    /// again on its own account, until it ends as a dead letter, and takes no other with it.
    /// </param>
    public static void MapBulkTopic<T>(
        this WebApplication app, string topic, TimeSpan patience,
        Func<IReadOnlyList<T>, CancellationToken, Task<IReadOnlyCollection<T>>> handle)
        where T : class
    {
        var json = app.Services.GetRequiredService<IOptions<JsonOptions>>().Value.SerializerOptions;
        var logger = app.Services.GetRequiredService<ILoggerFactory>().CreateLogger(typeof(BulkTopics));
        var taking = new Taking<T>(topic, json, handle, logger);
        app.Services.GetRequiredService<TopicHandlers>().Add(topic, taking.TakeAsync);
        app.MapPost($"/events/{topic}", DeliverAsync)
            .WithTopic(new TopicOptions
            {
                PubsubName = Publishing.PubSub,
                Name = topic,
                DeadLetterTopic = DeadLetters.Topic(app.Services.GetRequiredService<ServiceName>()),
            })
            .WithBulkSubscribe(new BulkSubscribeTopicOptions
            {
                TopicName = topic,
                MaxMessagesCount = MaxEvents,
                MaxAwaitDurationMs = (int)patience.TotalMilliseconds,
            });

        async Task<Ok<BulkOutcome>> DeliverAsync(BulkDelivery delivery, DeliveryFailures failures, CancellationToken cancellation)
        {
            var troubles = await taking.TakeAsync([.. delivery.Entries.Select(entry => entry.Event)], cancellation);
            var failed = delivery.Entries.Zip(troubles).Where(pair => pair.Second is not null).ToList();
            if (failed.Count > 0) await failures.NoteAsync(failed.Select(pair => (pair.First, pair.Second!)));
            return TypedResults.Ok(new BulkOutcome([.. delivery.Entries.Zip(troubles, (entry, trouble) =>
                new EntryOutcome(entry.EntryId, trouble is null ? "SUCCESS" : "RETRY"))]));
        }
    }

    /// <summary>How the events of one topic take effect.</summary>
    private sealed class Taking<T>(
        string topic, JsonSerializerOptions json, Func<IReadOnlyList<T>, CancellationToken, Task<IReadOnlyCollection<T>>> handle, ILogger logger)
        where T : class
    {
        /// <summary>What kept each event from taking effect; null where nothing did.</summary>
        public async Task<IReadOnlyList<string?>> TakeAsync(IReadOnlyList<JsonElement> events, CancellationToken cancellation)
        {
            var troubles = new string?[events.Count];
            var readable = new List<(int At, T Data)>(events.Count);
            for (var at = 0; at < events.Count; at++)
            {
                if (Read(events[at], out troubles[at]) is { } data) readable.Add((at, data));
            }

            if (readable.Count > 0) await HandleAsync(readable, troubles, cancellation);
            return troubles;
        }

        private async Task HandleAsync(List<(int At, T Data)> batch, string?[] troubles, CancellationToken cancellation)
        {
            try
            {
                var again = await handle([.. batch.Select(item => item.Data)], cancellation);
                foreach (var (at, data) in batch) troubles[at] = again.Contains(data) ? "The service could not take it." : null;
            }
            catch (Exception error) when (batch.Count > 1 && !Problems.IsOutage(error))
            {
                // One of them is poison: each on its own, so that it takes no other with it.
                foreach (var item in batch) await HandleAsync([item], troubles, cancellation);
            }
            catch (Exception error)
            {
                logger.LogWarning(error, "{Count} events of {Topic} could not be taken", batch.Count, topic);
                foreach (var (at, _) in batch) troubles[at] = $"{error.GetType().Name}: {error.Message}";
            }
        }

        private T? Read(JsonElement cloudEvent, out string? trouble)
        {
            try
            {
                var data = cloudEvent.TryGetProperty("data", out var payload) ? payload.Deserialize<T>(json) : null;
                trouble = data is null ? "It has no data." : null;
                return data;
            }
            catch (Exception error) when (error is JsonException or InvalidOperationException)
            {
                logger.LogWarning("An event of {Topic} cannot be read: {Reason}", topic, error.Message);
                trouble = $"It cannot be read: {error.Message}";
                return null;
            }
        }
    }
}

/// <summary>
/// How a service takes CloudEvents in effect, by topic: what kept each of them from it, null where nothing did.
/// </summary>
public delegate Task<IReadOnlyList<string?>> TakeEvents(IReadOnlyList<JsonElement> events, CancellationToken cancellation);

/// <summary>What a service listens to.</summary>
public sealed class TopicHandlers
{
    private readonly Dictionary<string, TakeEvents> _byTopic = [];

    public IEnumerable<string> Topics => _byTopic.Keys;

    public TakeEvents? Find(string topic) => _byTopic.GetValueOrDefault(topic);

    internal void Add(string topic, TakeEvents take) => _byTopic.Add(topic, take);
}

/// <summary>The body of a bulk delivery, as far as it is of use.</summary>
public sealed record BulkDelivery(IReadOnlyList<BulkEntry> Entries);

/// <param name="Event">A CloudEvent.</param>
public sealed record BulkEntry(string EntryId, JsonElement Event)
{
    /// <summary>The CloudEvent's id; the entry's where it has none.</summary>
    public string EventId => Attribute("id") ?? EntryId;

    /// <summary>The topic it was published to, whichever it came by.</summary>
    public string Topic => Attribute("topic") ?? "";

    private string? Attribute(string name) =>
        Event.ValueKind == JsonValueKind.Object && Event.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.String
            ? value.GetString()
            : null;
}

/// <summary>The answer to a bulk delivery.</summary>
public sealed record BulkOutcome(IReadOnlyList<EntryOutcome> Statuses);

/// <param name="Status"><c>SUCCESS</c> or <c>RETRY</c>.</param>
public sealed record EntryOutcome(string EntryId, string Status);
