using System.Collections.Concurrent;
using System.Text.Json;

namespace DaprShop.Local.ConfigStores;

/// <summary>
/// What stands for a <c>configuration.*</c> component without <c>--redis</c>: a JSON file of names and values, for an operator to edit. While somebody
/// subscribes, it is looked at again and again (a few times a second: editors and file systems differ in what they report).
/// </summary>
internal sealed class ConfigFile(string path, TimeProvider time, ILogger logger) : IConfigStore
{
    private static readonly TimeSpan s_interval = TimeSpan.FromMilliseconds(200);

    private readonly ConcurrentDictionary<string, Subscriber> _subscribers = new(StringComparer.Ordinal);
    private readonly CancellationTokenSource _stopped = new();
    private readonly Lock _gate = new();
    private Task _watching = Task.CompletedTask;

    public Task<IReadOnlyDictionary<string, ConfigItem>> GetAsync(IReadOnlyCollection<string> keys) =>
        Task.FromResult<IReadOnlyDictionary<string, ConfigItem>>(Parsed(Read() ?? [], keys));

    public Task<string> SubscribeAsync(IReadOnlyCollection<string> keys, ConfigChanged changed)
    {
        var id = Guid.NewGuid().ToString();
        lock (_gate)
        {
            _subscribers[id] = new Subscriber(keys, changed, Read() ?? []);
            if (_watching.IsCompleted) _watching = WatchAsync();
        }
        return Task.FromResult(id);
    }

    public bool Unsubscribe(string id) => _subscribers.TryRemove(id, out _);

    public async ValueTask DisposeAsync()
    {
        await _stopped.CancelAsync();
        _subscribers.Clear();
        await _watching;
        _stopped.Dispose();
    }

    private async Task WatchAsync()
    {
        using var timer = new PeriodicTimer(s_interval, time);
        try
        {
            while (await timer.WaitForNextTickAsync(_stopped.Token))
            {
                if (_subscribers.IsEmpty) continue;
                if (Read() is not { } now) continue;
                foreach (var (id, subscriber) in _subscribers) Tell(id, subscriber, now);
            }
        }
        catch (OperationCanceledException)
        {
            // The runtime ends.
        }
    }

    /// <summary>Each change by itself; a key that is gone is told with an empty item, as daprd does.</summary>
    private void Tell(string id, Subscriber subscriber, Dictionary<string, string> now)
    {
        var known = subscriber.Known;
        subscriber.Known = now;
        foreach (var key in now.Keys.Union(known.Keys))
        {
            if (now.GetValueOrDefault(key) == known.GetValueOrDefault(key) || !subscriber.Wants(key)) continue;
            var item = now.TryGetValue(key, out var value) ? ConfigItem.Parse(value) : new ConfigItem(null, null);
            subscriber.Teller.Tell(() => TellAsync(id, subscriber, key, item));
        }
    }

    private async Task TellAsync(string id, Subscriber subscriber, string key, ConfigItem item)
    {
        if (!_subscribers.ContainsKey(id)) return;
        try
        {
            await subscriber.Changed(id, new Dictionary<string, ConfigItem> { [key] = item });
        }
        catch (Exception error)
        {
            // At the end everybody is away.
            if (_stopped.IsCancellationRequested) return;
            logger.LogError("A subscriber could not take a change of configuration: {Reason}", error.Message);
        }
    }

    private static Dictionary<string, ConfigItem> Parsed(Dictionary<string, string> items, IReadOnlyCollection<string> keys) =>
        items.Where(item => keys.Count == 0 || keys.Contains(item.Key))
            .Select(item => (item.Key, Item: ConfigItem.Parse(item.Value)))
            .Where(pair => pair.Item.Value is { Length: > 0 })
            .ToDictionary(pair => pair.Key, pair => pair.Item, StringComparer.Ordinal);

    /// <summary>What is there now, nothing without a file; null while it cannot be read, as when it is just being written.</summary>
    private Dictionary<string, string>? Read()
    {
        try
        {
            return File.Exists(path) ? JsonSerializer.Deserialize<Dictionary<string, string>>(File.ReadAllBytes(path)) ?? [] : [];
        }
        catch (Exception error) when (error is IOException or JsonException or UnauthorizedAccessException)
        {
            logger.LogWarning("{Path} cannot be read: {Reason}", path, error.Message);
            return null;
        }
    }

    private sealed class Subscriber(IReadOnlyCollection<string> keys, ConfigChanged changed, Dictionary<string, string> known)
    {
        public ConfigChanged Changed { get; } = changed;

        public Teller Teller { get; } = new();

        /// <summary>What the subscriber has heard of.</summary>
        public Dictionary<string, string> Known { get; set; } = known;

        public bool Wants(string key) => keys.Count == 0 || keys.Contains(key);
    }
}
