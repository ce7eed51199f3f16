using DaprShop.Common;

namespace DaprShop.Ordering;

/// <summary>
/// The reminders that stand behind orders: one from its acceptance to its first rest, another while a confirmed order is cancelled. Names of
/// their own, so that whoever removes the one cannot meet the other. Actors register them; removing needs no turn, one call to the sidecar.
/// https://docs.dapr.io/reference/api/actors_api/#delete-actor-reminder
/// </summary>
public sealed class OrderReminders(SidecarHttp sidecar) : IDisposable
{
    private const string Drive = "drive";
    private const string Undo = "undo";
    private static readonly TimeSpan s_timeout = TimeSpan.FromSeconds(10);

    private readonly HttpClient _actors = sidecar.Client($"actors/{OrderActor.TypeName}/", s_timeout);

    /// <summary>The one that is to be there while the order is open.</summary>
    public static string NameFor(Order order) => order.TurnedBackAt == OrderStatus.Confirmed ? Undo : Drive;

    /// <summary>The order is at rest and all is told: nobody has to look after it any more.</summary>
    /// <exception cref="HttpRequestException">The sidecar did not take it; the reminder comes again.</exception>
    public async Task Remove(Order order)
    {
        await Remove(order.Id, Drive);
        if (NameFor(order) == Undo) await Remove(order.Id, Undo);
    }

    public void Dispose() => _actors.Dispose();

    private async Task Remove(string orderId, string name)
    {
        using var response = await _actors.DeleteAsync($"{orderId}/reminders/{name}");
        response.EnsureSuccessStatusCode();
    }
}
