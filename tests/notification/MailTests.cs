using System.Net.Http.Json;
using System.Text.Json;
using DaprShop.Contracts;
using DaprShop.Testing;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;

namespace DaprShop.Notification.Tests;

/// <summary>E-mail on, with members whose ids start with <c>known-</c> and a delivery that fails when told to.</summary>
public sealed class MailHost : IAsyncLifetime
{
    public ShopHost Shop { get; private set; } = null!;

    public List<(string To, string Subject, string Body)> Sent { get; } = [];

    public bool Broken { get; set; }

    public async ValueTask InitializeAsync() => Shop = await ShopHost.StartAsync(shop => shop
        .Service(
            "notification", NotificationService.Create, builder => builder.Services.AddSingleton<SendEmail>(SendAsync),
                ("Notification:Email", "true"))
        .Fake("members", app => app.MapGet("/internal/members/{id}", (string id) => id.StartsWith("known-", StringComparison.Ordinal)
            ? Results.Json(new MemberContact(id, $"{id}@example.com", "Ada <b>", "en"))
            : Results.NotFound())));

    public ValueTask DisposeAsync() => Shop.DisposeAsync();

    private Task SendAsync(string to, string subject, string body, CancellationToken cancellation)
    {
        if (Broken) throw new InvalidOperationException("The mail server is away.");
        lock (Sent) Sent.Add((to, subject, body));
        return Task.CompletedTask;
    }
}

public sealed class MailTests(MailHost host) : IClassFixture<MailHost>
{
    [Fact]
    public async Task A_message_goes_out_once_however_often_the_event_comes()
    {
        var shipped = Shipped("known-1");
        Assert.Equal(["SUCCESS", "SUCCESS"], await DeliverAsync(shipped, shipped));
        Assert.Equal(["SUCCESS"], await DeliverAsync(shipped));
        var mail = Assert.Single(host.Sent, mail => mail.To == "known-1@example.com");
        Assert.Equal("Order shipped", mail.Subject);
        Assert.Contains("Hello Ada &lt;b&gt;,", mail.Body, StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_cannot_be_sent_is_kept_and_asked_for_again()
    {
        host.Broken = true;
        Assert.Equal(["RETRY"], await DeliverAsync(Shipped("known-2")));
        host.Broken = false;
        var kept = await host.Shop.Dapr("notification").GetStateAsync<Inbox>("notification-store", "inbox/known-2");
        Assert.Equal((1, 1), (kept.Total, kept.Unmailed.Count));
        Assert.Equal(["SUCCESS"], await DeliverAsync(Shipped("known-2")));
        Assert.Single(host.Sent, mail => mail.To == "known-2@example.com");
    }

    [Fact]
    public async Task A_member_who_is_gone_gets_no_mail_and_holds_up_no_other()
    {
        Assert.Equal(["SUCCESS", "SUCCESS"], await DeliverAsync(Shipped("gone"), Shipped("known-3")));
        Assert.Single(host.Sent, mail => mail.To == "known-3@example.com");
    }

    private static Happening Shipped(string memberId) => new($"order-{memberId}-6", DateTimeOffset.UnixEpoch, memberId, "o-1");

    private async Task<List<string?>> DeliverAsync(params Happening[] happenings)
    {
        var delivery = new { entries = happenings.Select((each, at) => new { entryId = $"{at}", @event = new { data = each } }) };
        var response = await host.Shop.SidecarClient("notification").PostAsJsonAsync($"/events/{Topics.OrdersShipped}", delivery);
        var statuses = (await response.Content.ReadFromJsonAsync<JsonElement>()).GetProperty("statuses").EnumerateArray();
        return [.. statuses.Select(status => status.GetProperty("status").GetString())];
    }
}
