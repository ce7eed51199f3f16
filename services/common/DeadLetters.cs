using System.Diagnostics.Metrics;
using System.Security.Cryptography;
using System.Text;
using Dapr.Client;
using Microsoft.Extensions.Logging;

namespace DaprShop.Common;

/// <summary>
/// Events that this service could not take, after all retries, kept in its own store with their envelope until they are replayed: a
/// dead-letter topic that nobody listens to would lose them. One document a letter, and a list of them all, in pages so that no document
/// grows too large. A letter and its page are written together.
/// </summary>
public sealed class DeadLetters(
    StateStore store, TopicHandlers handlers, ServiceName service, TimeProvider time, IMeterFactory meters, ILogger<DeadLetters> logger)
{
    /// <summary>Of this many letters at once, the newest, staff get to see: what is replayed makes room for older ones.</summary>
    public const int MaxListed = 10_000;

    /// <summary>The list from before there were pages. Letters leave it, and none come to it.</summary>
    private const string FirstList = "dead-letter-index";

    private static readonly string[] s_lists = [FirstList, .. Enumerable.Range(0, 256).Select(page => $"{FirstList}/{page:x2}")];

    private readonly Counter<long> _kept = meters.Create(ShopTelemetry.SourcePrefix + nameof(DeadLetters))
        .CreateCounter<long>("daprshop.dead_letters", "{letter}", "Events that became dead letters, by topic.");

    /// <summary>For how long a replay that is asked for again gets the same answer.</summary>
    private static readonly TimeSpan s_memoryOfReplays = TimeSpan.FromDays(1);

    /// <summary>The topic that the service's sidecar puts them to.</summary>
    public static string Topic(ServiceName service) => $"{service.Value}.dead-letters";

    /// <summary>The same event is the same letter, however often it dies: <c>{service}-{fingerprint of topic and event id}</c>.</summary>
    public static string IdOf(ServiceName service, BulkEntry entry) =>
        $"{service.Value}-{Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes($"{entry.Topic}\n{entry.EventId}")).AsSpan(0, 8))}";

    /// <summary>Counts none of each topic: what has been none before is seen to grow by the first that comes.</summary>
    internal void Begin()
    {
        foreach (var topic in handlers.Topics) _kept.Add(0, KeyValuePair.Create("topic", (object?)topic));
    }

    /// <summary>Keeps those not kept yet. Two calls for each page that they are on, and two more for a page that is new.</summary>
    public Task KeepAsync(IEnumerable<BulkEntry> dead, CancellationToken cancellation) => Task.WhenAll(dead
        .Select(entry => (Id: IdOf(service, entry), Entry: entry)).DistinctBy(letter => letter.Id).GroupBy(letter => PageOf(letter.Id))
        .Select(onPage => KeepAsync(onPage.Key, [.. onPage], cancellation)));

    /// <summary>The newest <see cref="MaxListed"/> of all there are, newest first. One call, as long as they are few.</summary>
    public async Task<IReadOnlyList<DeadLetterEntry>> ListAsync(CancellationToken cancellation)
    {
        var read = await store.GetManyAsync(s_lists, cancellation);
        return
        [
            .. s_lists.SelectMany(list => read.Get<DeadLetterEntry[]>(list).Value ?? []).DistinctBy(entry => entry.Id)
                .OrderByDescending(entry => entry.GivenUpAt).ThenBy(entry => entry.Id, StringComparer.Ordinal).Take(MaxListed),
        ];
    }

    /// <summary>Those of the letters that are still there. One call.</summary>
    public async Task<IReadOnlyList<DeadLetter>> ReadAsync(IReadOnlyList<string> ids, CancellationToken cancellation)
    {
        var letters = await store.GetManyAsync([.. ids.Select(Key)], cancellation);
        return [.. ids.Select(id => letters.Get<DeadLetter>(Key(id)).Value).OfType<DeadLetter>().Where(letter => letter.ReplayedAt is null)];
    }

    /// <summary>
    /// Gives the event to this service again, and to no other. The letter goes when the event takes effect, and stays, with what was the
    /// matter this time, when it does not. Whoever dies in between leaves the letter, and handlers know an event they have had.
    /// </summary>
    /// <returns>Null when there is no such letter.</returns>
    public async Task<ReplayReply?> ReplayAsync(string id, CancellationToken cancellation)
    {
        var (letter, etag) = await store.GetAsync<DeadLetter>(Key(id), cancellation);
        if (letter is null) return null;
        if (letter.ReplayedAt is not null) return new ReplayReply(ReplayReply.Replayed);
        var trouble = handlers.Find(letter.Topic) is { } take
            ? (await take([letter.Event], cancellation))[0]
            : $"The {service.Value} service no longer listens to {letter.Topic}.";
        if (trouble is not null)
        {
            // Refused when somebody else replays it at the same time: theirs is then the attempt that is told.
            await store.TrySaveAsync(Key(id), letter with { Attempts = letter.Attempts + 1, Reason = trouble }, etag, cancellation: cancellation);
            return new ReplayReply(ReplayReply.Failed, trouble);
        }

        await Optimistic.RetryAsync(() => TryRemoveAsync(letter, cancellation));
        logger.LogInformation("Event {EventId} of {Topic} was replayed", letter.EventId, letter.Topic);
        return new ReplayReply(ReplayReply.Replayed);
    }

    private async Task KeepAsync(string page, IReadOnlyList<(string Id, BulkEntry Entry)> dead, CancellationToken cancellation)
    {
        foreach (var letter in await Optimistic.RetryAsync(() => TryKeepAsync(page, dead, cancellation)))
        {
            _kept.Add(1, KeyValuePair.Create("topic", (object?)letter.Topic));
            logger.LogWarning("Event {EventId} of {Topic} is a dead letter: {Reason}", letter.EventId, letter.Topic, letter.Reason);
        }
    }

    private async Task<IReadOnlyList<DeadLetter>?> TryKeepAsync(
        string page, IReadOnlyList<(string Id, BulkEntry Entry)> dead, CancellationToken cancellation)
    {
        var read = await store.GetManyAsync([FirstList, page, .. dead.Select(letter => DeliveryFailures.Key(letter.Id))], cancellation);
        var (listed, etag) = read.Get<DeadLetterEntry[]>(page);
        if (etag.Length == 0)
        {
            // In a transaction, Dapr's Redis store would put a new page over one that another replica has just made.
            await store.TrySaveAsync<DeadLetterEntry[]>(page, [], etag, cancellation: cancellation);
            return null;
        }
        var known = listed!.Concat(read.Get<DeadLetterEntry[]>(FirstList).Value ?? []).Select(entry => entry.Id).ToHashSet();
        var added = dead.Where(letter => !known.Contains(letter.Id)).ToList();
        if (added.Count == 0) return [];

        var now = time.GetUtcNow();
        var letters = new List<DeadLetter>(added.Count);
        var writes = new List<StateTransactionRequest>
        {
            store.Write<DeadLetterEntry[]>(page, [.. listed!, .. added.Select(letter => new DeadLetterEntry(letter.Id, now))], etag),
        };
        foreach (var (id, entry) in added)
        {
            var (failure, noted) = read.Get<DeliveryFailure>(DeliveryFailures.Key(id));
            var (attempts, reason) = failure ?? DeliveryFailure.Unknown;
            letters.Add(new DeadLetter(id, service.Value, entry.Topic, entry.EventId, reason, attempts, now, entry.Event));
            writes.Add(store.Write(Key(id), letters[^1], etag: null));
            if (failure is not null) writes.Add(StateStore.Delete(DeliveryFailures.Key(id), noted));
        }

        return await store.TryCommitAsync(writes, cancellation) ? letters : null;
    }

    private async Task<object?> TryRemoveAsync(DeadLetter letter, CancellationToken cancellation)
    {
        string[] lists = [FirstList, PageOf(letter.Id)];
        var read = await store.GetManyAsync(lists, cancellation);
        var writes = lists.Select(list => (Key: list, Read: read.Get<DeadLetterEntry[]>(list)))
            .Where(list => list.Read.Value is not null)
            .Select(list => store.Write(list.Key, list.Read.Value!.Where(entry => entry.Id != letter.Id).ToArray(), list.Read.ETag))
            .Append(store.Write(Key(letter.Id), letter with { ReplayedAt = time.GetUtcNow() }, etag: null, s_memoryOfReplays));
        return await store.TryCommitAsync([.. writes], cancellation) ? this : null;
    }

    /// <summary>Where a letter is listed: by the last two digits of its id.</summary>
    private static string PageOf(string id) => $"{FirstList}/{id[^2..]}";

    private static string Key(string id) => $"dead-letter/{id}";
}
