using System.Net;
using System.Net.Http.Json;
using System.Text;
using System.Text.Json;

namespace DaprShop.Members.Tests;

public sealed class ProfileTests(MembersHost host) : IClassFixture<MembersHost>
{
    private static readonly object s_home = new
    {
        recipient = "Ada Lovelace",
        line1 = "12 St James's Square",
        city = "London",
        postalCode = "SW1Y 4JH",
        country = "GB",
    };

    [Fact]
    public async Task Members_see_and_change_their_own_profile()
    {
        var member = await host.MemberAsync();
        var me = await member.Client.GetFromJsonAsync<JsonElement>("/api/members/me");
        Assert.Equal((member.Id, member.Email, "Ada"), (Text(me, "id"), Text(me, "email"), Text(me, "displayName")));

        var changed = await member.Client.PatchAsJsonAsync("/api/members/me", new { locale = "pt-br" });
        Assert.Equal(HttpStatusCode.OK, changed.StatusCode);
        await member.Client.PatchAsJsonAsync("/api/members/me", new { displayName = "Countess" });
        me = await member.Client.GetFromJsonAsync<JsonElement>("/api/members/me");
        Assert.Equal(("Countess", "pt-BR", member.Email), (Text(me, "displayName"), Text(me, "locale"), Text(me, "email")));
    }

    [Fact]
    public async Task Changes_at_once_do_not_undo_each_other()
    {
        var member = await host.MemberAsync();
        await Task.WhenAll(
            member.Client.PatchAsJsonAsync("/api/members/me", new { locale = "fr" }),
            member.Client.PatchAsJsonAsync("/api/members/me", new { displayName = "Countess" }));
        var me = await member.Client.GetFromJsonAsync<JsonElement>("/api/members/me");
        Assert.Equal(("Countess", "fr"), (Text(me, "displayName"), Text(me, "locale")));
    }

    [Theory]
    [InlineData("""{"displayName":""}""", "displayName")]
    [InlineData("""{"locale":"english please"}""", "locale")]
    public async Task A_wrong_change_is_named_and_not_made(string body, string field)
    {
        var member = await host.MemberAsync();
        var response = await member.Client.PatchAsync("/api/members/me", new StringContent(body, Encoding.UTF8, "application/json"));
        var problem = await response.ProblemAsync(HttpStatusCode.BadRequest);
        Assert.True(problem.GetProperty("errors").TryGetProperty(field, out _));
        Assert.Equal("Ada", Text(await member.Client.GetFromJsonAsync<JsonElement>("/api/members/me"), "displayName"));
    }

    [Theory]
    [InlineData("GET", "/api/members/me")]
    [InlineData("PATCH", "/api/members/me")]
    [InlineData("GET", "/api/members/me/addresses")]
    [InlineData("PUT", "/api/members/me/addresses")]
    public async Task Strangers_see_nothing(string method, string path) => await
        (await host.Visitor().SendAsync(new HttpRequestMessage(new HttpMethod(method), path))).ProblemAsync(HttpStatusCode.Unauthorized);

    [Fact]
    public async Task Addresses_are_replaced_as_a_list()
    {
        var member = await host.MemberAsync();
        Assert.Equal((0, 0), await CountAsync(member));
        Assert.Equal(HttpStatusCode.OK, (await member.Client.PutAsJsonAsync("/api/members/me/addresses",
            new { items = new[] { s_home, s_home } })).StatusCode);
        Assert.Equal((2, 2), await CountAsync(member));
        Assert.Equal(HttpStatusCode.OK, (await member.Client.PutAsJsonAsync("/api/members/me/addresses", new[] { s_home })).StatusCode);
        Assert.Equal((1, 1), await CountAsync(member));
        var list = await member.Client.GetFromJsonAsync<JsonElement>("/api/members/me/addresses");
        Assert.Equal("London", Text(list.GetProperty("items")[0], "city"));
        Assert.False(list.GetProperty("items")[0].TryGetProperty("line2", out _));
    }

    [Theory]
    [InlineData("""[{"recipient":"Ada","line1":"1 Street","city":"London","postalCode":"SW1"}]""", "items[0].country")]
    [InlineData("""[{"recipient":"Ada","line1":"1 Street","city":"London","postalCode":"SW1","country":"gb"}]""", "items[0].country")]
    [InlineData("""{"items":[{"recipient":"","line1":"1 Street","city":"London","postalCode":"SW1","country":"GB"}]}""",
        "items[0].recipient")]
    [InlineData("""[{"recipient":"Ada","line1":"1 Street","line2":"a\nb","city":"London","postalCode":"SW1","country":"GB"}]""",
        "items[0].line2")]
    public async Task A_wrong_address_is_named_and_nothing_is_kept(string body, string field)
    {
        var member = await host.MemberAsync();
        var response = await member.Client.PutAsync("/api/members/me/addresses",
            new StringContent(body, Encoding.UTF8, "application/json"));
        var problem = await response.ProblemAsync(HttpStatusCode.BadRequest);
        Assert.True(problem.GetProperty("errors").TryGetProperty(field, out _));
        Assert.Equal((0, 0), await CountAsync(member));
    }

    [Theory]
    [InlineData("7")]
    [InlineData("""{"items":7}""")]
    [InlineData("[null]")]
    [InlineData("[7]")]
    [InlineData("""[{"recipient":7}]""")]
    [InlineData("""{"items":null}""")]
    [InlineData("""{"\ud800abcdef":1}""")]
    [InlineData("""[{"\ud800abcdef":1,"recipient":"\udc00"}]""")]
    public async Task What_is_no_list_of_addresses_is_refused(string body)
    {
        var member = await host.MemberAsync();
        await (await member.Client.PutAsync("/api/members/me/addresses", new StringContent(body, Encoding.UTF8, "application/json")))
            .ProblemAsync(HttpStatusCode.BadRequest);
    }

    [Fact]
    public async Task Twenty_addresses_are_enough()
    {
        var member = await host.MemberAsync();
        Assert.Equal(HttpStatusCode.OK, (await member.Client.PutAsJsonAsync("/api/members/me/addresses",
            Enumerable.Repeat(s_home, 20))).StatusCode);
        Assert.Equal(HttpStatusCode.BadRequest,
            (await member.Client.PutAsJsonAsync("/api/members/me/addresses", Enumerable.Repeat(s_home, 21))).StatusCode);
    }

    [Fact]
    public async Task Other_services_may_ask_whom_to_write_to_and_nobody_else()
    {
        var member = await host.MemberAsync();
        var contact = await host.Shop.SidecarClient("members").GetFromJsonAsync<JsonElement>($"/internal/members/{member.Id}");
        Assert.Equal((member.Email, "Ada", "en"), (Text(contact, "email"), Text(contact, "displayName"), Text(contact, "locale")));
        await (await host.Shop.SidecarClient("members").GetAsync("/internal/members/nobody")).ProblemAsync(HttpStatusCode.NotFound);
        await (await member.Client.GetAsync($"/internal/members/{member.Id}")).ProblemAsync(HttpStatusCode.Unauthorized);
    }

    private static string? Text(JsonElement json, string field) => json.GetProperty(field).GetString();

    private static async Task<(int Items, int Total)> CountAsync(SignedInMember member)
    {
        var list = await member.Client.GetFromJsonAsync<JsonElement>("/api/members/me/addresses");
        return (list.GetProperty("items").GetArrayLength(), list.GetProperty("total").GetInt32());
    }
}
