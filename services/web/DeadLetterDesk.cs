using DaprShop.Common;
using DaprShop.Web.Api;
using Microsoft.AspNetCore.Http.Json;
using Microsoft.Extensions.Options;

namespace DaprShop.Web;

/// <summary>
/// The dead letters of the whole shop: each service keeps its own, here they are one list. All services are asked at once, each with a time
/// limit, and those that do not answer are named. Calls: one to each service, and one more to each with a letter on the page.
/// </summary>
public sealed class DeadLetterDesk(ServiceClients clients, IOptions<JsonOptions> json)
{
    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(3);

    private readonly Dictionary<string, Peer> _services = Services.ToDictionary(
        service => service, service => new Peer(service, clients[service], json.Value.SerializerOptions));

    /// <summary>Those that subscribe to anything.</summary>
    public static IReadOnlyList<string> Services { get; } = ["catalog", "inventory", "basket", "ordering", "shipping", "notification"];

    /// <summary>A page of the list, newest first.</summary>
    public async Task<DeadLetterPage> ListAsync(int page, int pageSize, CancellationToken cancellation)
    {
        var lists = await AskAsync<DeadLetterEntry[]>(Services.Select(service => (service, "internal/dead-letters")), cancellation);
        var entries = lists.SelectMany(list => list.Value.Select(entry => (Service: list.Key, entry.Id, entry.GivenUpAt)))
            .OrderByDescending(entry => entry.GivenUpAt).ThenBy(entry => entry.Id).ToList();
        var shown = entries.Skip((int)Math.Min((page - 1L) * pageSize, entries.Count)).Take(pageSize).ToList();
        var read = await AskAsync<DeadLetter[]>(
            shown.GroupBy(entry => entry.Service, entry => entry.Id)
                .Select(ofOne => (ofOne.Key, $"internal/dead-letters/letters?ids={string.Join(',', ofOne)}")),
            cancellation);
        var letters = read.Values.SelectMany(ofOne => ofOne).ToDictionary(letter => letter.Id);
        var silent = Services.Where(service => !lists.ContainsKey(service))
            .Concat(shown.Select(entry => entry.Service).Distinct().Where(service => !read.ContainsKey(service)));
        return new DeadLetterPage(
            [.. shown.Select(entry => letters.GetValueOrDefault(entry.Id)).OfType<DeadLetter>()], entries.Count, page, pageSize, [.. silent]);
    }

    /// <summary>Gives the event to its subscriber once more; null when there is no such letter.</summary>
    /// <exception cref="PeerUnavailableException">The subscriber does not answer.</exception>
    public async Task<ReplayReply?> ReplayAsync(string id, CancellationToken cancellation) =>
        _services.TryGetValue(id[..Math.Max(0, id.LastIndexOf('-'))], out var service)
            ? await service.PostAsync<ReplayReply>($"internal/dead-letters/{Uri.EscapeDataString(id)}/replay", null, cancellation)
            : null;

    /// <summary>The answers of those that gave one.</summary>
    private async Task<Dictionary<string, T>> AskAsync<T>(
        IEnumerable<(string Service, string Path)> questions, CancellationToken cancellation) where T : class
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        limit.CancelAfter(s_patience);
        var answers = await Task.WhenAll(questions.Select(async question => (question.Service, Answer: await TryAsync(question))));
        return answers.Where(answer => answer.Answer is not null).ToDictionary(answer => answer.Service, answer => answer.Answer!);

        async Task<T?> TryAsync((string Service, string Path) question)
        {
            try
            {
                return await _services[question.Service].GetAsync<T>(question.Path, limit.Token);
            }
            catch (Exception error) when (error is PeerUnavailableException
                || (error is OperationCanceledException && !cancellation.IsCancellationRequested))
            {
                return null;
            }
        }
    }
}

/// <param name="Unavailable">Services that did not answer: their letters are not in the list.</param>
public sealed record DeadLetterPage(
    IReadOnlyList<DeadLetter> Items,
    long Total,
    [property: System.Text.Json.Serialization.JsonPropertyName("page")] int PageNumber,
    int PageSize,
    IReadOnlyList<string> Unavailable);
