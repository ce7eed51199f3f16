using System.Net;
using System.Net.Http.Json;
using System.Text;
using DaprShop.Contracts;
using DaprShop.Testing;

namespace DaprShop.Members.Tests;

public sealed class SignUpTests(MembersHost host) : IClassFixture<MembersHost>
{
    [Fact]
    public async Task A_new_member_is_told_who_they_are_and_nothing_secret()
    {
        var email = MembersHost.NewEmail();
        var response = await SignUpAsync(email, "correct horse", " Ada Lovelace ");
        Assert.Equal(HttpStatusCode.Created, response.StatusCode);
        Assert.NotNull(response.Headers.Location);
        var member = await response.JsonAsync();
        Assert.Equal(["displayName", "email", "id"], member.EnumerateObject().Select(field => field.Name).Order());
        Assert.Equal(email, member.GetProperty("email").GetString());
        Assert.Equal("Ada Lovelace", member.GetProperty("displayName").GetString());
    }

    [Fact]
    public async Task An_address_belongs_to_one_member_in_any_case()
    {
        var email = MembersHost.NewEmail();
        Assert.Equal(HttpStatusCode.Created, (await SignUpAsync(email)).StatusCode);
        await (await SignUpAsync(email.ToUpperInvariant())).ProblemAsync(HttpStatusCode.Conflict);
    }

    [Fact]
    public async Task Of_many_sign_ups_at_once_with_one_address_one_wins()
    {
        var email = MembersHost.NewEmail();
        var responses = await Task.WhenAll(Enumerable.Range(0, 8).Select(at => SignUpAsync(email, $"password {at}")));
        Assert.Single(responses, response => response.StatusCode == HttpStatusCode.Created);
        Assert.Equal(7, responses.Count(response => response.StatusCode == HttpStatusCode.Conflict));
        var winner = Array.FindIndex(responses, response => response.StatusCode == HttpStatusCode.Created);
        await host.Visitor().TokensAsync(email, $"password {winner}");
    }

    [Fact]
    public async Task Many_sign_ups_at_once_with_different_addresses_all_win()
    {
        var responses = await Task.WhenAll(Enumerable.Range(0, 40).Select(_ => SignUpAsync(MembersHost.NewEmail())));
        Assert.All(responses, response => Assert.Equal(HttpStatusCode.Created, response.StatusCode));
    }

    [Fact]
    public async Task Each_new_member_is_told_of_once()
    {
        host.Heard.Clear();
        var member = await host.MemberAsync();
        await ShopHost.EventuallyAsync(() => Task.FromResult(host.Heard.Any(heard => heard.MemberId == member.Id)));
        Assert.Equal($"member-{member.Id}-registered", Assert.Single(host.Heard, heard => heard.MemberId == member.Id).EventId);
    }

    [Fact]
    public async Task A_member_who_was_saved_but_not_told_of_before_a_crash_is_told_of_at_the_next_start()
    {
        var id = Guid.CreateVersion7().ToString();
        var registered = new MemberRegistered($"member-{id}-registered", DateTimeOffset.UnixEpoch, id);
        await host.Shop.Dapr("members").SaveStateAsync("members-store", "pending/7", new Pending([registered]));
        await host.Shop.RestartAsync("members");
        await MembersHost.WhenReadyAsync(host.Shop);
        await ShopHost.EventuallyAsync(() => Task.FromResult(host.Heard.Contains(registered)));
        await ShopHost.EventuallyAsync(async () =>
            (await host.Shop.Dapr("members").GetStateAsync<Pending>("members-store", "pending/7")).Events.Count == 0);
    }

    [Theory]
    [InlineData("not an address", "correct horse", "Ada", "email")]
    [InlineData(null, "correct horse", "Ada", "email")]
    [InlineData("ada@example.com", "1234567", "Ada", "password")]
    [InlineData("ada@example.com", null, "Ada", "password")]
    [InlineData("ada@example.com", "correct horse", "  ", "displayName")]
    [InlineData("ada@example.com", "correct horse", null, "displayName")]
    [InlineData("ada@example.com", "correct horse", "A\u0000da", "displayName")]
    public async Task What_is_wrong_is_named(string? email, string? password, string? displayName, string field)
    {
        var problem = await (await SignUpAsync(email, password, displayName)).ProblemAsync(HttpStatusCode.BadRequest);
        Assert.Equal([field], problem.GetProperty("errors").EnumerateObject().Select(error => error.Name));
    }

    [Theory]
    [InlineData(8, 1, HttpStatusCode.Created)]
    [InlineData(128, 80, HttpStatusCode.Created)]
    [InlineData(129, 80, HttpStatusCode.BadRequest)]
    [InlineData(128, 81, HttpStatusCode.BadRequest)]
    public async Task Lengths_have_limits(int password, int displayName, HttpStatusCode expected) => Assert.Equal(
        expected, (await SignUpAsync(MembersHost.NewEmail(), new string('p', password), new string('n', displayName))).StatusCode);

    [Theory]
    [InlineData("{", "application/json", HttpStatusCode.BadRequest)]
    [InlineData("[]", "application/json", HttpStatusCode.BadRequest)]
    [InlineData("null", "application/json", HttpStatusCode.BadRequest)]
    [InlineData("", "application/json", HttpStatusCode.BadRequest)]
    [InlineData("""{"email":1,"password":"correct horse","displayName":"Ada"}""", "application/json", HttpStatusCode.BadRequest)]
    [InlineData("email=ada", "application/x-www-form-urlencoded", HttpStatusCode.UnsupportedMediaType)]
    public async Task A_malformed_body_is_the_clients_fault(string body, string type, HttpStatusCode expected) => await
        (await host.Visitor().PostAsync("/api/members", new StringContent(body, Encoding.UTF8, type))).ProblemAsync(expected);

    [Fact]
    public async Task An_oversized_body_is_refused()
    {
        var body = $$"""{"email":"{{new string('a', 1_100_000)}}"}""";
        await (await host.Visitor().PostAsync("/api/members", new StringContent(body, Encoding.UTF8, "application/json")))
            .ProblemAsync(HttpStatusCode.RequestEntityTooLarge);
    }

    private Task<HttpResponseMessage> SignUpAsync(string? email, string? password = "correct horse", string? displayName = "Ada") =>
        host.Visitor().PostAsJsonAsync("/api/members", new { email, password, displayName });
}
