//! Asking a ledger: its view, what a holder does to move a claim, and how it gives one away.

use alloy_primitives::{Address, Bytes, U256};
use alloy_sol_types::{SolCall, sol};
use sealift_evm::Message;

sol! {
    /// What the checker asks of an ERC-20.
    interface IErc20 {
        function balanceOf(address account) external view returns (uint256);
        function totalSupply() external view returns (uint256);
        function transfer(address to, uint256 amount) external returns (bool);
        event Transfer(address indexed from, address indexed to, uint256 amount);
    }

    /// What the checker asks of an ERC-721; its `Transfer` has the topic of an ERC-20's, and one topic more.
    interface IErc721 {
        function ownerOf(uint256 id) external view returns (address);
        function transferFrom(address from, address to, uint256 id) external;
    }

    /// What the checker asks of an ERC-1155.
    interface IErc1155 {
        function balanceOf(address account, uint256 id) external view returns (uint256);
        function safeTransferFrom(address from, address to, uint256 id, uint256 amount, bytes data) external;
        event TransferSingle(address indexed operator, address indexed from, address indexed to, uint256 id, uint256 amount);
        event TransferBatch(address indexed operator, address indexed from, address indexed to, uint256[] ids, uint256[] amounts);
    }

    /// What the checker asks of an ERC-4626.
    interface IErc4626 {
        function asset() external view returns (address);
        function convertToAssets(uint256 shares) external view returns (uint256);
        function redeem(uint256 shares, address receiver, address owner) external returns (uint256);
    }

    /// How stakes and deposits are taken back; WETH9 has the first of these.
    interface ITakenBack {
        function withdraw(uint256 amount) external;
        function unstake(uint256 amount) external;
        function redeem(uint256 amount) external;
        function leave(uint256 amount) external;
        function exit() external;
        function withdrawAll() external;
    }
}

/// Calldata with places that are filled in for each claim.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
pub struct Ask {
    /// The calldata, with nothing in these places.
    pub data: Bytes,
    /// Where words begin that are the account.
    pub account: Vec<usize>,
    /// Where words begin that are the amount.
    pub amount: Vec<usize>,
}

impl Ask {
    /// The calldata for a claim; a place that is not in it is left out.
    pub fn with(&self, account: Address, amount: U256) -> Bytes {
        if self.account.is_empty() && self.amount.is_empty() {
            return self.data.clone();
        }
        let mut data = self.data.to_vec();
        let mut put = |places: &[usize], word: [u8; 32]| {
            for at in places {
                if let Some(place) = data.get_mut(*at..at + 32) {
                    place.copy_from_slice(&word);
                }
            }
        };
        put(&self.account, account.into_word().0);
        put(&self.amount, amount.to_be_bytes());
        data.into()
    }

    /// The same question of another id, wherever the one stands in the calldata.
    pub fn of_id(&self, one: U256, other: U256) -> Self {
        let mut data = self.data.to_vec();
        let words = data.get_mut(4..).unwrap_or_default().chunks_exact_mut(32);
        for (at, word) in words.enumerate() {
            let place = 4 + 32 * at;
            let is_free = !self.account.contains(&place) && !self.amount.contains(&place);
            if is_free && *word == one.to_be_bytes::<32>() {
                word.copy_from_slice(&other.to_be_bytes::<32>());
            }
        }
        Self {
            data: data.into(),
            ..self.clone()
        }
    }

    /// `balanceOf(account)`.
    pub fn balance_of() -> Self {
        Self {
            data: [IErc20::balanceOfCall::SELECTOR.as_slice(), &[0; 32]]
                .concat()
                .into(),
            account: vec![4],
            amount: Vec::new(),
        }
    }

    /// `ownerOf(id)`.
    pub fn owner_of(id: U256) -> Self {
        Self {
            data: IErc721::ownerOfCall { id }.abi_encode().into(),
            ..Self::default()
        }
    }

    /// `balanceOf(account, id)`.
    pub fn balance_of_id(id: U256) -> Self {
        let account = Address::ZERO;
        Self {
            data: IErc1155::balanceOfCall { account, id }.abi_encode().into(),
            account: vec![4],
            amount: Vec::new(),
        }
    }

    /// `redeem(amount, receiver, account)`.
    pub fn redeem(receiver: Address) -> Self {
        let call = IErc4626::redeemCall {
            shares: U256::ZERO,
            receiver,
            owner: Address::ZERO,
        };
        Self {
            data: call.abi_encode().into(),
            account: vec![4 + 64],
            amount: vec![4],
        }
    }

    /// `convertToAssets(amount)`.
    pub fn worth() -> Self {
        let shares = U256::ZERO;
        Self::of_amount(IErc4626::convertToAssetsCall { shares }.abi_encode())
    }

    /// `withdraw(amount)`.
    pub fn withdraw() -> Self {
        let amount = U256::ZERO;
        Self::of_amount(ITakenBack::withdrawCall { amount }.abi_encode())
    }

    /// The calls by which a stake or a deposit is taken back, the usual ones first.
    pub fn taken_back() -> Vec<Self> {
        let amount = U256::ZERO;
        let all = |data: Vec<u8>| Self {
            data: data.into(),
            ..Self::default()
        };
        vec![
            Self::withdraw(),
            Self::of_amount(ITakenBack::unstakeCall { amount }.abi_encode()),
            Self::of_amount(ITakenBack::redeemCall { amount }.abi_encode()),
            Self::of_amount(ITakenBack::leaveCall { amount }.abi_encode()),
            all(ITakenBack::exitCall {}.abi_encode()),
            all(ITakenBack::withdrawAllCall {}.abi_encode()),
        ]
    }

    /// A call whose first argument is the amount.
    fn of_amount(data: Vec<u8>) -> Self {
        Self {
            data: data.into(),
            account: Vec::new(),
            amount: vec![4],
        }
    }
}

/// How a ledger says what an account has.
#[derive(Clone, Debug, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum View {
    /// A call that answers the amount.
    Amount(Ask),
    /// A call that answers who has it: that account has one unit. Where it reverts, nobody has.
    Owner(Ask),
    /// A call that answers a record, of which some words are the claim.
    Record(Ask, Figure),
    /// The account's ether.
    Ether,
}

/// Which words of a record are a claim, counted from 0.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize,
)]
pub struct Figure {
    /// The amount.
    pub word: usize,
    /// What was taken out of it already.
    pub less: Option<usize>,
    /// Whose it is; where there is none, the record is that of the account that was asked for.
    pub owner: Option<usize>,
}

impl Figure {
    /// What an account has by an answer; `None` where the answer is too short for that.
    pub fn of(&self, answer: &[u8], account: Address) -> Option<U256> {
        let word = |at: usize| answer.get(at * 32..(at + 1) * 32);
        if let Some(owner) = self.owner
            && word(owner)? != account.into_word().as_slice()
        {
            return Some(U256::ZERO);
        }
        let amount = |at: usize| word(at).map(U256::from_be_slice);
        let less = match self.less {
            Some(less) => amount(less)?,
            None => U256::ZERO,
        };
        Some(amount(self.word)?.saturating_sub(less))
    }
}

impl View {
    /// The call that is made; none for ether.
    pub fn ask(&self) -> Option<&Ask> {
        match self {
            Self::Amount(ask) | Self::Owner(ask) | Self::Record(ask, _) => Some(ask),
            Self::Ether => None,
        }
    }

    /// The id that it is asked for, where it answers whose that is.
    pub fn id(&self) -> Option<U256> {
        match self {
            Self::Owner(ask) => Some(ask),
            Self::Record(ask, figure) => figure.owner.and(Some(ask)),
            Self::Amount(_) | Self::Ether => None,
        }
        .and_then(|ask| ask.data.get(4..36))
        .map(U256::from_be_slice)
    }

    /// What is asked and looked at; ids of one contract are told from each other by it.
    pub fn key(&self) -> Option<Bytes> {
        let data = &self.ask()?.data;
        let Self::Record(_, figure) = self else {
            return Some(data.clone());
        };
        let words = [Some(figure.word), figure.less, figure.owner];
        let words = words.map(|word| word.map_or(u8::MAX, |word| word as u8));
        Some([data.as_ref(), &words].concat().into())
    }
}

/// How a holder gives a claim to somebody else.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Gift {
    /// `transfer(to, amount)`.
    Erc20,
    /// `transferFrom(holder, to, id)`.
    Erc721(U256),
    /// `safeTransferFrom(holder, to, id, amount, "")`.
    Erc1155(U256),
    /// A transaction with value.
    Ether,
}

impl Gift {
    /// The transaction in which a holder gives an amount away; `gas` is its limit.
    pub fn message(
        &self,
        contract: Address,
        from: Address,
        to: Address,
        amount: U256,
        gas: u64,
    ) -> Message {
        let (callee, data, value) = match *self {
            Self::Erc20 => (
                contract,
                IErc20::transferCall { to, amount }.abi_encode(),
                U256::ZERO,
            ),
            Self::Erc721(id) => (
                contract,
                IErc721::transferFromCall { from, to, id }.abi_encode(),
                U256::ZERO,
            ),
            Self::Erc1155(id) => {
                let call = IErc1155::safeTransferFromCall {
                    from,
                    to,
                    id,
                    amount,
                    data: Bytes::new(),
                };
                (contract, call.abi_encode(), U256::ZERO)
            }
            Self::Ether => (to, Vec::new(), amount),
        };
        Message {
            from,
            to: Some(callee),
            data: data.into(),
            value,
            gas,
        }
    }

    /// The call in which an account gives everything to nobody; `None` where that is no call of the contract.
    pub fn exit(&self) -> Option<Ask> {
        let nowhere = Address::ZERO;
        let message = self.message(nowhere, nowhere, super::NOBODY, U256::ZERO, 0);
        let (account, amount) = match self {
            Self::Erc20 => (vec![], vec![4 + 32]),
            Self::Erc721(_) => (vec![4], vec![]),
            Self::Erc1155(_) => (vec![4], vec![4 + 96]),
            Self::Ether => return None,
        };
        Some(Ask {
            data: message.data,
            account,
            amount,
        })
    }

    /// From whom to whom a call gives how much, where it is such a gift of this ledger's; who allowed it to the caller
    /// gives it.
    pub fn given(&self, contract: Address, call: &Message) -> Option<(Address, Address, U256)> {
        if *self == Self::Ether {
            return (call.data.is_empty() && !call.value.is_zero())
                .then(|| Some((call.from, call.to?, call.value)))?;
        }
        if call.to != Some(contract) {
            return None;
        }
        match *self {
            Self::Erc20 => {
                if let Ok(own) = IErc20::transferCall::abi_decode(&call.data) {
                    return Some((call.from, own.to, own.amount));
                }
                // The same function as that of an ERC-721; its last argument is the amount here.
                let allowed = IErc721::transferFromCall::abi_decode(&call.data).ok()?;
                Some((allowed.from, allowed.to, allowed.id))
            }
            Self::Erc721(id) => {
                let given = IErc721::transferFromCall::abi_decode(&call.data).ok()?;
                (given.id == id).then_some((given.from, given.to, U256::ONE))
            }
            Self::Erc1155(id) => {
                let given = IErc1155::safeTransferFromCall::abi_decode(&call.data).ok()?;
                (given.id == id).then_some((given.from, given.to, given.amount))
            }
            Self::Ether => None,
        }
    }
}

/// How a holder moves a claim, which shows whether it can.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum ExitBy {
    /// By giving all of it to nobody.
    Gift(Gift),
    /// By another call of its own.
    Call(Ask),
    /// A claim is live whenever it is recorded.
    Always,
}
